import { parseArgs } from "node:util";
import type { BindMode } from "../address/bind.ts";
import { ExitCode, StartError } from "./exit-codes.ts";

/** What `saltgate gateway` was told on its command line. */
export interface GatewayFlags {
  /** As it was typed; `"0"` takes a free port. */
  readonly port: string | undefined;
  readonly bind: BindMode | undefined;
  readonly auth: "token" | "password" | undefined;
  readonly token: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  readonly verbose: boolean;
  /** Log lines as JSON, also on a terminal. */
  readonly json: boolean;
  /** End the gateway that holds this state, if one does. */
  readonly force: boolean;
  /** Start without a configuration, and write none. */
  readonly allowUnconfigured: boolean;
  readonly profile: string | undefined;
  readonly dev: boolean;
}

/** The flags of `saltgate gateway`, for its help and for shell completion. */
export const GATEWAY_FLAGS = {
  port: { type: "string", argument: "<port>", help: "Port to listen on; 0 takes a free one" },
  bind: {
    type: "string",
    argument: "<mode>",
    help: "loopback, lan, tailnet, auto or custom",
    values: ["loopback", "lan", "tailnet", "auto", "custom"],
  },
  auth: { type: "string", argument: "<mode>", help: "token or password", values: ["token", "password"] },
  token: {
    type: "string",
    argument: "<secret>",
    help: "The shared token for this run; better in SALTGATE_GATEWAY_TOKEN",
  },
  password: {
    type: "string",
    argument: "<secret>",
    help: "The shared password for this run; better in SALTGATE_GATEWAY_PASSWORD",
  },
  tls: { type: "boolean", help: "Serve wss and https" },
  verbose: { type: "boolean", help: "Tell more on the terminal" },
  json: { type: "boolean", help: "Log lines as JSON, also on a terminal" },
  force: { type: "boolean", help: "End a gateway that runs on the same state first" },
  "allow-unconfigured": { type: "boolean", help: "Start without a configuration, and write none" },
  profile: { type: "string", argument: "<name>", help: "Use the state of this profile" },
  dev: { type: "boolean", help: "The profile dev, on port 19001" },
} as const;

/**
 * Reads the words after `saltgate gateway`.
 * @throws {StartError} with {@link ExitCode.Usage} for an unknown flag, a missing value or a value that isn't one of the choices.
 */
export function parseGatewayFlags(words: readonly string[]): GatewayFlags {
  const usage = (message: string): StartError =>
    new StartError(message, "See: saltgate gateway --help", ExitCode.Usage);
  let values: { readonly [name: string]: string | boolean | undefined };
  try {
    const options = Object.fromEntries(Object.entries(GATEWAY_FLAGS).map(([name, { type }]) => [name, { type }]));
    ({ values } = parseArgs({ args: [...words], options, strict: true, allowPositionals: false }));
  } catch (error) {
    throw usage(error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : "the flags can't be read");
  }
  const text = (name: keyof typeof GATEWAY_FLAGS): string | undefined =>
    typeof values[name] === "string" ? values[name] : undefined;
  const choice = <T extends string>(name: "bind" | "auth"): T | undefined => {
    const value = text(name);
    const choices: readonly string[] = GATEWAY_FLAGS[name].values;
    if (value !== undefined && !choices.includes(value))
      throw usage(`--${name} must be one of ${choices.join(", ")}, not "${value.slice(0, 40)}"`);
    return value as T | undefined;
  };
  const port = text("port");
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
    throw usage(`--port must be a whole number from 1 to 65535, or 0 for a free one, not "${port.slice(0, 40)}"`);
  return {
    port,
    bind: choice<BindMode>("bind"),
    auth: choice<"token" | "password">("auth"),
    token: text("token"),
    password: text("password"),
    tls: values["tls"] === true,
    verbose: values["verbose"] === true,
    json: values["json"] === true,
    force: values["force"] === true,
    allowUnconfigured: values["allow-unconfigured"] === true,
    profile: text("profile"),
    dev: values["dev"] === true,
  };
}
