import { type Environment, readAllSpellings } from "./environment.ts";
import type { Config } from "./schema.ts";

/** A value and where it comes from, e.g. `flag --token`, `environment SALTGATE_GATEWAY_TOKEN`, `config gateway.auth.token`. */
interface Candidate {
  readonly value: string;
  readonly source: string;
}

export interface GatewayAuthInput {
  readonly flags: {
    readonly token?: string | undefined;
    readonly password?: string | undefined;
    /** `--auth` */
    readonly mode?: "token" | "password" | undefined;
    /** `--url`: whom a client is going to show the secret to. */
    readonly url?: string | undefined;
  };
  readonly env: Environment;
  readonly config: Config;
  /**
   * `server`: a gateway about to listen; flag, then config, then environment. `client`: a command about to connect; flag, then
   * environment, then config.
   */
  readonly side: "server" | "client";
}

/** The secrets of a gateway, and where each comes from. */
export interface GatewayAuth {
  readonly mode: "token" | "password";
  /** `undefined`: no such secret anywhere. A gateway must not listen beyond this then. */
  readonly token: string | undefined;
  readonly tokenSource: string | undefined;
  readonly password: string | undefined;
  readonly passwordSource: string | undefined;
  /** Sources that say something else than the one that counts, for people. Without secrets. */
  readonly conflicts: readonly string[];
}

/** Decides which token and which password count. Pure; never mixes up what belongs to this host with what belongs to a remote gateway. */
export function resolveGatewayAuth(input: GatewayAuthInput): GatewayAuth {
  const conflicts: string[] = [];
  const token = pick("token", candidatesFor("token", input), conflicts);
  const password = pick("password", candidatesFor("password", input), conflicts);
  return {
    mode: modeOf(input, token, password),
    token: token?.value,
    tokenSource: token?.source,
    password: password?.value,
    passwordSource: password?.source,
    conflicts,
  };
}

function candidatesFor(kind: "token" | "password", input: GatewayAuthInput): readonly Candidate[] {
  const { config, env, flags, side } = input;
  const given = flags[kind]?.trim();
  const fromFlag = given ? [{ value: given, source: `flag --${kind}` }] : [];
  const fromEnv = readAllSpellings(env, kind === "token" ? "GATEWAY_TOKEN" : "GATEWAY_PASSWORD").map(
    ({ name, value }) => ({ value, source: `environment ${name}` }),
  );
  const local = { value: config.gateway.auth[kind], source: `config gateway.auth.${kind}` };
  const remote = { value: config.gateway.remote[kind], source: `config gateway.remote.${kind}` };
  if (side === "server") return [...fromFlag, ...present(local), ...fromEnv];
  return [...fromFlag, ...fromEnv, ...present(belongsTo(input) === "remote" ? remote : local, belongsTo(input))];
}

/** Whose secret of the file may be shown to where a client is going. A URL from the command line could be anybody's. */
function belongsTo({ config, flags }: GatewayAuthInput): "local" | "remote" | "nobody" {
  const { mode, remote } = config.gateway;
  if (flags.url === undefined) return mode === "remote" ? "remote" : "local";
  if (remote.url !== undefined && sameUrl(flags.url, remote.url)) return "remote";
  return isLoopbackUrl(flags.url) ? "local" : "nobody";
}

function present(candidate: { value: string | undefined; source: string }, owner = "local"): readonly Candidate[] {
  return candidate.value && owner !== "nobody" ? [{ value: candidate.value, source: candidate.source }] : [];
}

function pick(kind: string, candidates: readonly Candidate[], conflicts: string[]): Candidate | undefined {
  const [chosen, ...others] = candidates;
  for (const other of others) {
    if (other.value === chosen?.value) continue;
    conflicts.push(`The ${kind} of "${other.source}" differs and is not used: "${chosen?.source}" comes first.`);
  }
  return chosen;
}

function modeOf(
  { config, flags, side }: GatewayAuthInput,
  token?: Candidate,
  password?: Candidate,
): "token" | "password" {
  if (flags.mode) return flags.mode;
  // Whoever gives one of the two on the command line means that one.
  if (flags.password?.trim() && !flags.token?.trim()) return "password";
  if (flags.token?.trim() && !flags.password?.trim()) return "token";
  if (config.gateway.auth.mode && (side === "server" || config.gateway.mode !== "remote"))
    return config.gateway.auth.mode;
  if (side === "client") return token || !password ? "token" : "password";
  return password ? "password" : "token";
}

function sameUrl(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;
}

function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname } = new URL(text);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
