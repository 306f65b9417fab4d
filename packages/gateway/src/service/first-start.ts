import { randomBytes } from "node:crypto";
import { type ConfigInput, type StatePaths, writeConfig } from "@saltgate/config";

/** What a first start chooses when nobody has chosen anything: this machine only, and a secret that nobody can guess. */
export function firstConfig(token: string, port: number): ConfigInput {
  return { gateway: { mode: "local", port, bind: "loopback", auth: { mode: "token", token } } };
}

/** A shared secret: 256 random bits. */
export function newSharedSecret(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Writes the configuration of a first start.
 * @returns false when a configuration appeared in the meantime, which is left alone.
 */
export function writeFirstConfig(paths: StatePaths): Promise<boolean> {
  return writeConfig(paths.configFile, firstConfig(newSharedSecret(), paths.defaultPort), {
    header: [
      "Saltgate wrote this at its first start. Every key and what it does: docs/configuration.md.",
      "gateway.auth.token opens this gateway. Keep it to yourself.",
    ],
  });
}
