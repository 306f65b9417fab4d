import type { Hello, ProtocolCodec } from "./codec.ts";
import { helloCommon } from "./shared.ts";

/**
 * Health as `hello-ok` of revision 4 may show it. Its published form is closed there and knows `ok` only as `true`;
 * the method and the event `health` say the rest.
 */
function snapshotHealth({ ok, ...health }: Hello["health"]): Hello["health"] {
  const { ts, durationMs, channels, channelOrder, channelLabels, heartbeatSeconds, defaultAgentId, agents, sessions } =
    health;
  const known = {
    ok: ok === true ? ok : undefined,
    ...{ ts, durationMs, channels, channelOrder, channelLabels, heartbeatSeconds, defaultAgentId, agents, sessions },
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

/** Revision 4: `auth` always says the effective role and scopes; no host name; surfaces by URL. */
export const codecV4: ProtocolCodec = {
  version: 4,
  hello(hello) {
    const { features, snapshot, policy } = helloCommon(hello);
    return {
      type: "hello-ok",
      protocol: 4,
      server: { version: hello.serverVersion, connId: hello.connId },
      features: { ...features, capabilities: [] },
      snapshot: { ...snapshot, health: snapshotHealth(hello.health), authMode: hello.authMode },
      ...(hello.canvasUrl !== undefined && { pluginSurfaceUrls: { canvas: hello.canvasUrl } }),
      auth: {
        role: hello.role,
        scopes: [...hello.scopes],
        ...(hello.issuedToken && { deviceToken: hello.issuedToken.secret, issuedAtMs: hello.issuedToken.issuedAtMs }),
      },
      policy,
    };
  },
  error: (error) => error,
  event: (_name, payload) => payload,
  result: (_name, result) => result,
};
