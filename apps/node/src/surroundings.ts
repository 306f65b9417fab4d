import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { readShared, resolveStatePaths, type SetVariable } from "@saltgate/config";
import type { KnownGateway, NodeSurroundings } from "@saltgate/node-host/service";

/**
 * What the small app knows of its machine: the state folder by the rules of the whole family, and what the environment
 * says. It reads no configuration of a gateway; where there is one, `saltgate node` is there too.
 */
export async function surroundings(choice: {
  readonly profile: string | undefined;
  readonly dev: boolean;
}): Promise<NodeSurroundings> {
  const { env } = process;
  const { stateDir, stateDirSource, defaultPort } = resolveStatePaths({
    env,
    homedir: homedir(),
    cwd: process.cwd(),
    exists: existsSync,
    ...(choice.profile !== undefined && { profile: choice.profile }),
    dev: choice.dev,
  });
  return {
    stateDir,
    stateDirSource,
    gateway: ownGateway(readShared(env, "GATEWAY_PORT"), defaultPort),
    // Whoever set the variables meant the gateway that he names for this run.
    credentialsFor: () => ({
      token: readShared(env, "GATEWAY_TOKEN")?.value,
      password: readShared(env, "GATEWAY_PASSWORD")?.value,
    }),
  };
}

/** The gateway of this machine, should it have one. */
function ownGateway(port: SetVariable | undefined, defaultPort: number): KnownGateway {
  if (port === undefined) return { url: `ws://127.0.0.1:${defaultPort}`, source: "default" };
  return { url: `ws://127.0.0.1:${port.value}`, source: `environment ${port.name}` };
}
