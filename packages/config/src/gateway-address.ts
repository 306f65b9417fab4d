import { type Environment, readShared } from "./environment.ts";
import { ConfigError, ConfigErrorCode } from "./errors.ts";
import { defaultGatewayPort } from "./gateway-section.ts";
import type { Config } from "./schema.ts";
import { gatewayUrlMistake } from "./values.ts";

export interface GatewayPortInput {
  /** `--port` as it was typed. */
  readonly flag?: string | number | undefined;
  readonly env: Environment;
  readonly config: Config;
  /** Paths that the file sets, from loading it: tells a port that was written from one that is only the default. */
  readonly written?: ReadonlySet<string>;
  /** Of the state paths: `--dev` has a port of its own. @default 18789 */
  readonly defaultPort?: number;
}

/** A value and what decided it. */
export interface Sourced<T> {
  readonly value: T;
  /** e.g. `flag --port`, `environment SALTGATE_GATEWAY_PORT`, `config gateway.port`, `default`. */
  readonly source: string;
}

/**
 * The port: flag, environment, config, default.
 * @throws {ConfigError} `option` for a flag or variable that is no port.
 */
export function resolveGatewayPort(input: GatewayPortInput): Sourced<number> {
  const { config, defaultPort = defaultGatewayPort, env, flag, written } = input;
  if (flag !== undefined) return { value: parsePort(String(flag), "--port"), source: "flag --port" };
  const variable = readShared(env, "GATEWAY_PORT");
  if (variable) return { value: parsePort(variable.value, variable.name), source: `environment ${variable.name}` };
  const isWritten = written ? written.has("gateway.port") : config.gateway.port !== defaultGatewayPort;
  return isWritten
    ? { value: config.gateway.port, source: "config gateway.port" }
    : { value: defaultPort, source: "default" };
}

function parsePort(text: string, name: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ConfigError(
    ConfigErrorCode.Option,
    `${name} must be a whole number from 1 to 65535, not "${text.slice(0, 40)}".`,
  );
}

export interface GatewayUrlInput extends Omit<GatewayPortInput, "flag"> {
  readonly flags: {
    readonly url?: string | undefined;
    readonly port?: string | number | undefined;
    readonly tlsFingerprint?: string | undefined;
  };
}

/** Where a client connects to. */
export interface GatewayAddress {
  readonly url: string;
  readonly source: string;
  /** The only certificate to accept there, as it was written; `undefined` for the ordinary rules. */
  readonly tlsFingerprint: string | undefined;
}

/**
 * Where a client on this host connects to: `--url`, in remote mode `gateway.remote.url`, else the gateway of this host.
 * @throws {ConfigError} `option` for a URL or port that isn't allowed; `invalid` when remote mode names no URL.
 */
export function resolveGatewayUrl(input: GatewayUrlInput): GatewayAddress {
  const { config, flags } = input;
  const { remote, tls } = config.gateway;
  if (flags.url !== undefined) {
    const mistake = gatewayUrlMistake(flags.url);
    // The URL isn't repeated: what is wrong with it may be a secret inside it.
    if (mistake) throw new ConfigError(ConfigErrorCode.Option, `--url must be ${mistake}.`);
    return { url: flags.url, source: "flag --url", tlsFingerprint: flags.tlsFingerprint };
  }
  if (config.gateway.mode === "remote" && flags.port === undefined) {
    if (remote.url === undefined) {
      throw new ConfigError(
        ConfigErrorCode.Invalid,
        '"gateway.mode" is "remote", but "gateway.remote.url" doesn\'t say where that gateway is. Set it, or pass --url.',
      );
    }
    const tlsFingerprint = flags.tlsFingerprint ?? remote.tlsFingerprint;
    return { url: remote.url, source: "config gateway.remote.url", tlsFingerprint };
  }
  const port = resolveGatewayPort({ ...input, flag: flags.port });
  const url = `${tls.enabled ? "wss" : "ws"}://${localHost(config)}:${port.value}`;
  return { url, source: `this host, port by ${port.source}`, tlsFingerprint: flags.tlsFingerprint };
}

/** A gateway that is bound to one address answers only there. */
function localHost({ gateway }: Config): string {
  const host = gateway.bind === "custom" ? gateway.customBindHost : undefined;
  if (host === undefined || host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
