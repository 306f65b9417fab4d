import { randomBytes } from "node:crypto";
import {
  type ConfigInput,
  defaultConfig,
  type Environment,
  resolveGatewayAuth,
  type StatePaths,
  writeConfig,
} from "@saltgate/config";

type FirstAuth = NonNullable<NonNullable<ConfigInput["gateway"]>["auth"]>;

/** What a first start chooses when nobody has chosen anything: this machine only, and the secret that is given. */
export function firstConfig(auth: FirstAuth, port: number): ConfigInput {
  return { gateway: { mode: "local", port, bind: "loopback", auth } };
}

/** A shared secret: 256 random bits. */
export function newSharedSecret(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Writes the configuration of a first start: with a fresh secret, or, when the environment brings one, without any. What
 * stands in the file would come first, and whoever set the variable would be locked out.
 * @returns false when a configuration appeared in the meantime, which is left alone.
 */
export function writeFirstConfig(paths: StatePaths, env: Environment): Promise<boolean> {
  const { mode, token, tokenSource, password, passwordSource } = resolveGatewayAuth({
    flags: {},
    env,
    config: defaultConfig(),
    side: "server",
  });
  const given = mode === "token" ? token : password;
  const auth: FirstAuth = given === undefined ? { mode: "token", token: newSharedSecret() } : { mode };
  return writeConfig(paths.configFile, firstConfig(auth, paths.defaultPort), {
    header: [
      "Saltgate wrote this at its first start. Every key and what it does: docs/configuration.md.",
      given === undefined
        ? "gateway.auth.token opens this gateway. Keep it to yourself."
        : `What opens this gateway comes from the ${mode === "token" ? tokenSource : passwordSource}.`,
    ],
  });
}
