/** The environment as a plain object, passed in by the program. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The documented variables that older spellings are read for as well. */
export type SharedVariable =
  | "GATEWAY_TOKEN"
  | "GATEWAY_PASSWORD"
  | "GATEWAY_PORT"
  | "STATE_DIR"
  | "CONFIG_PATH"
  | "PROFILE";

/** Ours first, then those of the programs whose state folder we can take over, newest first. */
const prefixes = ["SALTGATE_", "OPENCLAW_", "MOLTBOT_", "CLAWDBOT_"] as const;

/** A variable that is set. */
export interface SetVariable {
  readonly name: string;
  /** Without space around it; never empty. */
  readonly value: string;
}

/** All spellings of a variable that are set, the one that counts first. A blank one counts as unset. */
export function readAllSpellings(env: Environment, variable: SharedVariable): readonly SetVariable[] {
  return prefixes.flatMap((prefix) => {
    const value = env[`${prefix}${variable}`]?.trim();
    return value ? [{ name: `${prefix}${variable}`, value }] : [];
  });
}

/** The spelling that counts. */
export function readShared(env: Environment, variable: SharedVariable): SetVariable | undefined {
  return readAllSpellings(env, variable)[0];
}
