import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

/** Another machine, as far as the network can tell: its own interfaces, one link to this one. */
export interface NetworkNamespace extends Disposable {
  /** The address of this machine on the link: what a gateway binds. */
  readonly hostAddress: string;
  /** The address at the other end. */
  readonly peerAddress: string;
  /** What to put before a command so that it runs there. */
  readonly prefix: readonly string[];
}

function ip(...words: readonly string[]): void {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
}

/**
 * Makes a network namespace that is linked to this one through a pair of virtual interfaces with private addresses.
 * @throws where that can't be done: without root, without `ip`, in a kernel without namespaces.
 */
export function openNetworkNamespace(): NetworkNamespace {
  const id = randomBytes(3).toString("hex");
  const name = `saltgate-${id}`;
  const near = `sgn${id}`;
  const far = `sgf${id}`;
  const [a = 0, b = 0] = randomBytes(2);
  const subnet = `10.${200 + (a % 50)}.${b}`;
  const remove = (): void => {
    for (const words of [
      ["link", "del", near],
      ["netns", "del", name],
    ]) {
      try {
        ip(...words);
      } catch {
        // it was never made, or went with its pair
      }
    }
  };
  try {
    ip("netns", "add", name);
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
    ip("addr", "add", `${subnet}.1/30`, "dev", near);
    ip("link", "set", near, "up");
    ip("-n", name, "addr", "add", `${subnet}.2/30`, "dev", far);
    ip("-n", name, "link", "set", far, "up");
    ip("-n", name, "link", "set", "lo", "up");
  } catch (error) {
    remove();
    throw error;
  }
  return {
    hostAddress: `${subnet}.1`,
    peerAddress: `${subnet}.2`,
    prefix: ["ip", "netns", "exec", name],
    [Symbol.dispose]: remove,
  };
}

/** Why no namespace can be made here; `undefined` when one can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== "linux") return `${process.platform} has no network namespaces`;
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  try {
    openNetworkNamespace()[Symbol.dispose]();
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n")[0];
  }
}
