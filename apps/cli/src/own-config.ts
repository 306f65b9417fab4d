import { existsSync } from "node:fs";
import { type Config, describeProblems, type StatePaths } from "@saltgate/config";
import { CommandError, Exit, usageError } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { statePathsOf, usableConfigOf } from "./local-state.ts";

/**
 * The configuration of this machine's own gateway, for a command that edits it.
 * @throws {CommandError} when there is none, it is broken, or the gateway is on another machine
 */
export async function ownConfigOf(invocation: Invocation): Promise<{ paths: StatePaths; config: Config }> {
  if (invocation.has("url"))
    throw usageError(
      "the configuration is edited on the gateway's own machine, so --url does nothing here",
      invocation.command,
    );
  const paths = statePathsOf(invocation);
  if (!existsSync(paths.configFile))
    throw new CommandError("CONFIG_MISSING", `there is no configuration yet: ${paths.configFile}`, {
      mend: "Write one: saltgate setup",
      exit: Exit.Config,
    });
  const { config, loaded } = await usableConfigOf(paths);
  // What is edited is the file itself, not the last good one: nothing else may be done first and then fail here.
  if (loaded.problems.length > 0)
    throw new CommandError(
      "CONFIG_INVALID",
      describeProblems(paths.configFile, loaded.problems).replace(/\n +/g, " "),
      {
        mend: "Mend it first. Nothing was changed.",
        exit: Exit.Config,
      },
    );
  if (config.gateway.mode === "remote")
    throw new CommandError("REMOTE_GATEWAY", "the gateway of this configuration is on another machine", {
      mend: "Run the same there.",
    });
  return { paths, config };
}
