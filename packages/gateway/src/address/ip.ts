import { BlockList, isIP } from "node:net";

/**
 * The one spelling of an address: without brackets, zone or IPv4-mapped prefix, lower case.
 * `undefined` when the text is not an IP address.
 */
export function normalizeIp(text: string): string | undefined {
  let address = text.trim().toLowerCase();
  if (address.startsWith("[") && address.endsWith("]")) address = address.slice(1, -1);
  const zone = address.indexOf("%");
  if (zone !== -1) address = address.slice(0, zone);
  const mapped = /^(?:0*:)*:?(?:0*:)?ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(address);
  if (mapped?.[1] !== undefined && isIP(address) === 6) address = mapped[1];
  const family = isIP(address);
  if (family === 4) return address;
  if (family !== 6) return undefined;
  // The URL parser knows the canonical form of IPv6 (RFC 5952), also for mapped addresses in hexadecimal.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const hexMapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (hexMapped?.[1] === undefined || hexMapped[2] === undefined) return canonical;
  const high = Number.parseInt(hexMapped[1], 16);
  const low = Number.parseInt(hexMapped[2], 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** Whether a normalised address is a loopback address: 127.0.0.0/8 or ::1. */
export function isLoopbackIp(address: string): boolean {
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

/**
 * What one guesser owns: an IPv4 address, or the /64 network of an IPv6 address, whose holder has all of it.
 * Rate limits and per-address caps count by this.
 */
export function guesserOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** Addresses and networks, to ask whether an address is among them. */
export interface AddressSet {
  has(address: string): boolean;
}

/**
 * Reads a list of addresses and CIDR networks.
 * @throws {RangeError} naming the entry that is neither.
 */
export function parseAddressSet(entries: readonly string[]): AddressSet {
  const list = new BlockList();
  for (const entry of entries) {
    const [base = "", bits, rest] = entry.split("/");
    const address = normalizeIp(base);
    const family = address !== undefined && isIP(address) === 6 ? "ipv6" : "ipv4";
    const widest = family === "ipv6" ? 128 : 32;
    const prefix = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (address === undefined || rest !== undefined || prefix < 0 || prefix > widest) {
      throw new RangeError(`"${entry}" is neither an IP address nor a network in CIDR notation`);
    }
    list.addSubnet(address, prefix, family);
  }
  return {
    has(address) {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
    },
  };
}

const tailnet = parseAddressSet(["100.64.0.0/10", "fd7a:115c:a1e0::/48"]);

/** Whether a normalised address belongs to the range that Tailscale gives out. */
export function isTailnetIp(address: string): boolean {
  return tailnet.has(address);
}
