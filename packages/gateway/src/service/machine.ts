import { arch, hostname, networkInterfaces, platform, release } from "node:os";
import type { PresenceEntry } from "@saltgate/protocol";
import type { GatewayMachine } from "../options.ts";

const FAMILIES: Readonly<Record<string, string>> = { darwin: "Mac", win32: "Windows", linux: "Linux" };
const PLATFORMS: Readonly<Record<string, string>> = { darwin: "macos", win32: "windows" };

/** How old the address in the gateway's own row may be, in milliseconds: to ask the system takes longer than to answer. */
const ADDRESS_FRESH_MS = 10_000;

/** Addresses of this machine's interfaces, loopback left out. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address);
}

/** What the gateway tells of the machine it runs on. */
export function thisMachine(version: string, now: () => number): GatewayMachine {
  const host = hostname();
  const system = `${PLATFORMS[platform()] ?? platform()} ${release()}`;
  let known: { readonly ip: string; readonly atMs: number } | undefined;
  const ownIp = (): string => {
    const atMs = now();
    if (known === undefined || atMs - known.atMs > ADDRESS_FRESH_MS || atMs < known.atMs) {
      known = { ip: ownAddresses().find((address) => !address.includes(":")) ?? host, atMs };
    }
    return known.ip;
  };
  return {
    hostName: host,
    ownAddresses,
    presence(): PresenceEntry {
      const ip = ownIp();
      return {
        host,
        ip,
        version,
        platform: system,
        deviceFamily: FAMILIES[platform()] ?? platform(),
        modelIdentifier: arch(),
        mode: "gateway",
        reason: "self",
        text: `Gateway: ${host} (${ip}) · app ${version} · mode gateway · reason self`,
        ts: now(),
      };
    },
  };
}
