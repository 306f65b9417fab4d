import { resolveGatewayAuth, resolveGatewayUrl } from "@saltgate/config";
import type { NodeSurroundings } from "@saltgate/node-host/service";
import { ownFingerprint } from "./gateway-session.ts";
import { statePathsFor, usableConfigOf } from "./local-state.ts";

/** What a node that this command runs knows of its machine: the state folder, and the configuration in it. */
export async function nodeSurroundings(choice: {
  readonly profile: string | undefined;
  readonly dev: boolean;
}): Promise<NodeSurroundings> {
  const paths = statePathsFor(choice);
  const { config, loaded } = await usableConfigOf(paths);
  const { env } = process;
  const gateway = resolveGatewayUrl({
    flags: {},
    env,
    config,
    written: loaded.written,
    defaultPort: paths.defaultPort,
  });
  return {
    stateDir: paths.stateDir,
    stateDirSource: paths.stateDirSource,
    gateway,
    async credentialsFor(url) {
      const { mode, token, password } = resolveGatewayAuth({ flags: { url }, env, config, side: "client" });
      return {
        ...(mode === "token" ? { token } : { password }),
        tlsFingerprint: await ownFingerprint(url, config.gateway.tls.certPath ?? paths.tlsCertFile),
      };
    },
  };
}
