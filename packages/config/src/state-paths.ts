import { isAbsolute, join, resolve } from "node:path";
import { type Environment, readShared } from "./environment.ts";
import { ConfigError, ConfigErrorCode } from "./errors.ts";
import { defaultGatewayPort } from "./gateway-section.ts";

/** Everything that decides where state lies. */
export interface StatePathInput {
  readonly env: Environment;
  /** The user's home, absolute. */
  readonly homedir: string;
  /** Whether there is such a file. */
  readonly exists: (path: string) => boolean;
  /** What relative paths in the environment start from; without it they are refused. */
  readonly cwd?: string;
  /** `--profile <name>` */
  readonly profile?: string;
  /** `--dev`: the profile `dev`, on a port of its own. */
  readonly dev?: boolean;
}

/** Where everything lies. All of it derives from the state folder, so that two profiles share nothing (rule R-58). */
export interface StatePaths {
  /** `undefined` for the ordinary state. */
  readonly profile: string | undefined;
  readonly stateDir: string;
  /** What decided the state folder, e.g. `environment SALTGATE_STATE_DIR`. */
  readonly stateDirSource: string;
  readonly configFile: string;
  readonly lastGoodConfigFile: string;
  /** The port when neither flag, environment nor file name one. */
  readonly defaultPort: number;
  readonly credentialsDir: string;
  readonly devicesPendingFile: string;
  readonly devicesPairedFile: string;
  readonly identityFile: string;
  readonly identityAuthFile: string;
  /** Which commands may run on this host, and when somebody is asked. */
  readonly execApprovalsFile: string;
  /** What a node on this host keeps. */
  readonly nodeDir: string;
  /** Which gateway a node on this host belongs to. */
  readonly nodeFile: string;
  readonly logsDir: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  /** Held while a gateway runs on this state. */
  readonly lockFile: string;
  readonly databaseFile: string;
}

const profileName = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** Our name, then those under which a state folder that is taken over has its configuration. */
const configNames = ["saltgate.json", "openclaw.json", "moltbot.json", "clawdbot.json"] as const;

const devPort = 19_001;

/**
 * Where the state of this run lies.
 * @throws {ConfigError} `option` for a profile or path that isn't allowed.
 */
export function resolveStatePaths(input: StatePathInput): StatePaths {
  const profile = resolveProfile(input);
  const { stateDir, stateDirSource } = resolveStateDir(input, profile);
  const configFile = resolveConfigFile(input, stateDir);
  return {
    profile,
    stateDir,
    stateDirSource,
    configFile,
    lastGoodConfigFile: `${configFile}.last-good`,
    defaultPort: profile?.toLowerCase() === "dev" ? devPort : defaultGatewayPort,
    credentialsDir: join(stateDir, "credentials"),
    devicesPendingFile: join(stateDir, "devices", "pending.json"),
    devicesPairedFile: join(stateDir, "devices", "paired.json"),
    identityFile: join(stateDir, "identity", "device.json"),
    identityAuthFile: join(stateDir, "identity", "device-auth.json"),
    execApprovalsFile: join(stateDir, "exec-approvals.json"),
    nodeDir: join(stateDir, "node"),
    nodeFile: join(stateDir, "node.json"),
    logsDir: join(stateDir, "logs"),
    tlsCertFile: join(stateDir, "gateway", "tls", "gateway-cert.pem"),
    tlsKeyFile: join(stateDir, "gateway", "tls", "gateway-key.pem"),
    lockFile: join(stateDir, "gateway.lock"),
    databaseFile: join(stateDir, "state.db"),
  };
}

function resolveProfile({ dev, env, profile }: StatePathInput): string | undefined {
  if (dev && profile !== undefined && profile.toLowerCase() !== "dev") {
    throw new ConfigError(ConfigErrorCode.Option, "--dev is a profile itself. Give --dev or --profile, not both.");
  }
  const variable = readShared(env, "PROFILE");
  const name = dev ? "dev" : (profile ?? variable?.value);
  if (name === undefined) return undefined;
  if (!profileName.test(name)) {
    const where = profile === undefined ? variable?.name : "--profile";
    throw new ConfigError(
      ConfigErrorCode.Option,
      `${where}: "${name.slice(0, 80)}" can't be a profile. Use up to 64 letters, digits, "_" and "-", beginning with a letter or digit.`,
    );
  }
  return name.toLowerCase() === "default" ? undefined : name;
}

function resolveStateDir(
  input: StatePathInput,
  profile: string | undefined,
): Pick<StatePaths, "stateDir" | "stateDirSource"> {
  const variable = readShared(input.env, "STATE_DIR");
  if (variable) {
    return { stateDir: absolute(variable.value, variable.name, input), stateDirSource: `environment ${variable.name}` };
  }
  const name = profile === undefined ? ".saltgate" : `.saltgate-${profile}`;
  const stateDirSource = profile === undefined ? "default" : `profile ${profile}`;
  return { stateDir: absolute(join("~", name), "the home folder", input), stateDirSource };
}

function resolveConfigFile(input: StatePathInput, stateDir: string): string {
  const variable = readShared(input.env, "CONFIG_PATH");
  if (variable) return absolute(variable.value, variable.name, input);
  const candidates = configNames.map((name) => join(stateDir, name));
  return candidates.find((path) => input.exists(path)) ?? join(stateDir, configNames[0]);
}

function absolute(path: string, source: string, { cwd, homedir }: StatePathInput): string {
  if (path.includes("\0")) throw new ConfigError(ConfigErrorCode.Option, `${source} has a NUL character in its path.`);
  if (path === "~" || path.startsWith("~/") || path.startsWith("~\\")) {
    if (isAbsolute(homedir)) return join(homedir, path.slice(1));
    throw new ConfigError(
      ConfigErrorCode.Option,
      "This user has no home folder. Set SALTGATE_STATE_DIR to the folder that Saltgate shall use.",
    );
  }
  if (isAbsolute(path)) return resolve(path);
  if (cwd !== undefined) return resolve(cwd, path);
  throw new ConfigError(ConfigErrorCode.Option, `${source} must be an absolute path, not "${path.slice(0, 200)}".`);
}
