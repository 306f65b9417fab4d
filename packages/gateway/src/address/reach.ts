import { isLoopbackIp, isTailnetIp } from "./ip.ts";

/** How a gateway listens. */
export interface ListeningOn {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly tls: boolean;
  /** Addresses of this machine, loopback left out. */
  readonly ownAddresses: readonly string[];
}

/** An address that others can be given, and how it came about. */
export interface Reach {
  readonly url: string;
  readonly source: "tailnet address" | "network address" | "this machine only";
}

/** Where others reach a gateway, by what it listens on: over the tailnet, over the local network, or not at all. Pure. */
export function reachOf({ addresses, port, tls, ownAddresses }: ListeningOn): Reach {
  const outward = addresses.filter((address) => !isLoopbackIp(address));
  const isAny = outward.some((address) => address === "0.0.0.0" || address === "::");
  const candidates = (isAny ? ownAddresses : outward).filter((address) => !address.includes("%"));
  const scheme = tls ? "wss" : "ws";
  const byKind = [
    { address: candidates.find((own) => isTailnetIp(own)), source: "tailnet address" },
    { address: candidates.find((own) => !own.includes(":")) ?? candidates[0], source: "network address" },
  ] as const;
  for (const { address, source } of byKind)
    if (address !== undefined) return { url: `${scheme}://${hostOf(address)}:${port}`, source };
  return { url: `${scheme}://127.0.0.1:${port}`, source: "this machine only" };
}

function hostOf(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
