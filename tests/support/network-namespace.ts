import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

/** A second network on this machine, joined to the first by a cable of its own. */
export interface Network extends AsyncDisposable {
  /** Name of the namespace, for `ip netns exec`. */
  readonly name: string;
  /** The address of this side. */
  readonly hereAddress: string;
  /** The address of the other side. */
  readonly thereAddress: string;
}

function ip(...words: string[]): void {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Whether this machine lets us make network namespaces: root on Linux, with the `ip` program. */
export function canMakeNetworks(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const name = `sg${randomBytes(4).toString("hex")}`;
  try {
    ip("netns", "add", name);
  } catch {
    return false;
  }
  try {
    ip("link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`);
    ip("link", "del", `${name}a`);
    return true;
  } catch {
    return false;
  } finally {
    ip("netns", "del", name);
  }
}

/** Makes a network. Its names and addresses are its own, so that several can be there at once. */
export async function createNetwork(): Promise<Network> {
  const id = randomBytes(4).toString("hex");
  const name = `sg${id}`;
  const [here, there] = [`${name}a`, `${name}b`];
  // A /30 of the private range 10.200.0.0/13, by chance: 131072 of them.
  const number = randomBytes(4).readUInt32BE() % 131_072;
  const base = 10 * 2 ** 24 + 200 * 2 ** 16 + number * 4;
  const address = (offset: number): string =>
    [24, 16, 8, 0].map((shift) => ((base + offset) >>> shift) & 255).join(".");
  const network: Network = {
    name,
    hereAddress: address(1),
    thereAddress: address(2),
    [Symbol.asyncDispose]: () => {
      for (const words of [
        ["link", "del", here],
        ["netns", "del", name],
      ]) {
        try {
          ip(...words);
        } catch {
          // it was never made, or went with the other
        }
      }
      return Promise.resolve();
    },
  };
  try {
    ip("netns", "add", name);
    ip("link", "add", here, "type", "veth", "peer", "name", there);
    ip("link", "set", there, "netns", name);
    ip("addr", "add", `${network.hereAddress}/30`, "dev", here);
    ip("link", "set", here, "up");
    ip("-n", name, "addr", "add", `${network.thereAddress}/30`, "dev", there);
    ip("-n", name, "link", "set", there, "up");
    ip("-n", name, "link", "set", "lo", "up");
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
  return network;
}
