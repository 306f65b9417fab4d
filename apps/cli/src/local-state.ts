import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { type Config, type LoadedConfig, loadWithLastGood, resolveStatePaths, type StatePaths } from "@saltgate/config";
import type { Invocation } from "./command-line.ts";

/** Where this command's state lies, by `--profile`, `--dev` and the environment. */
export function statePathsOf(invocation: Invocation): StatePaths {
  return statePathsFor({ profile: invocation.value("profile"), dev: invocation.has("dev") });
}

/** The same for a command that reads its words itself. */
export function statePathsFor({
  profile,
  dev,
}: {
  readonly profile: string | undefined;
  readonly dev: boolean;
}): StatePaths {
  return resolveStatePaths({
    env: process.env,
    homedir: homedir(),
    cwd: process.cwd(),
    exists: existsSync,
    ...(profile !== undefined && { profile }),
    dev,
  });
}

/** The configuration that the gateway would run on, so that a broken file doesn't keep its owner from asking what is wrong. */
export async function usableConfigOf(
  paths: StatePaths,
): Promise<{ readonly config: Config; readonly loaded: LoadedConfig }> {
  const loaded = await loadWithLastGood({ path: paths.configFile, env: process.env });
  return { config: loaded.config, loaded };
}
