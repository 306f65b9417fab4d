import type { ProtocolCodec } from "./codec.ts";
import { helloCommon } from "./shared.ts";

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
      snapshot: { ...snapshot, authMode: hello.authMode },
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
