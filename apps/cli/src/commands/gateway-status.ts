import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { statePathsOf, usableConfigOf } from "../local-state.ts";
import { answer } from "../output/answer.ts";

/** Whether a gateway runs on this machine's state, without talking to it. */
export async function run(invocation: Invocation): Promise<Exit> {
  const paths = statePathsOf(invocation);
  const [{ FileLock, nodeFileSystem }, { resolveGatewayUrl }, { config, loaded }] = await Promise.all([
    import("@saltgate/store"),
    import("@saltgate/config"),
    usableConfigOf(paths),
  ]);
  const holder = await new FileLock({ fileSystem: nodeFileSystem }).livingHolder(paths.lockFile);
  const { url, source } = resolveGatewayUrl({
    flags: {},
    env: process.env,
    config,
    written: loaded.written,
    defaultPort: paths.defaultPort,
  });
  const value = {
    running: holder !== undefined,
    pid: holder?.pid ?? null,
    url,
    urlFrom: source,
    bind: config.gateway.bind,
    stateDir: paths.stateDir,
    stateDirFrom: paths.stateDirSource,
    config: {
      path: paths.configFile,
      from: loaded.source,
      problems: loaded.problems.map(({ message }) => message),
      warnings: loaded.warnings.map(({ message }) => message),
    },
  };
  answer(invocation, value, () =>
    [
      ["Gateway", holder === undefined ? "not running  (saltgate gateway)" : `running, process ${holder.pid}`],
      ["Address", `${url}  (${source})`],
      ["State", `${paths.stateDir}  (${paths.stateDirSource})`],
      [
        "Configuration",
        `${paths.configFile}  (${loaded.source === "file" ? "in use" : loaded.source === "last-good" ? "can't be used; the last good one is" : "not there; defaults are"})`,
      ],
      ...loaded.problems.map(({ message }) => ["Problem", message]),
      ...loaded.warnings.map(({ message }) => ["Note", message]),
    ]
      .map(([key = "", text = ""]) => `${key.padEnd(14)} ${text}`)
      .join("\n"),
  );
  return holder === undefined ? Exit.Unreachable : Exit.Ok;
}
