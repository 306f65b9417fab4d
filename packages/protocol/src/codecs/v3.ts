import { errorForVersion } from "../errors.ts";
import type { PayloadOf } from "../events/events.ts";
import type { ProtocolCodec } from "./codec.ts";
import { helloCommon } from "./shared.ts";

/** Revision 3 knows everything said so far, and nothing of what is new. */
function chatEventV3(payload: PayloadOf<"chat">): unknown {
  const { deltaText: _, replace: _replace, agentId: _agent, errorKind: _kind, yielded: _yielded, ...known } = payload;
  return known;
}

/** Revision 3: `auth` only with a device token, the host by name, codes of later revisions as `INVALID_REQUEST`. */
export const codecV3: ProtocolCodec = {
  version: 3,
  hello(hello) {
    const { features, snapshot, policy } = helloCommon(hello);
    return {
      type: "hello-ok",
      protocol: 3,
      server: {
        version: hello.serverVersion,
        ...(hello.serverCommit !== undefined && { commit: hello.serverCommit }),
        ...(hello.serverHost !== undefined && { host: hello.serverHost }),
        connId: hello.connId,
      },
      features,
      snapshot,
      ...(hello.canvasUrl !== undefined && { canvasHostUrl: hello.canvasUrl }),
      ...(hello.issuedToken && {
        auth: {
          deviceToken: hello.issuedToken.secret,
          role: hello.role,
          scopes: [...hello.scopes],
          issuedAtMs: hello.issuedToken.issuedAtMs,
        },
      }),
      policy,
    };
  },
  error: (error) => errorForVersion(error, 3),
  event: (name, payload) => (name === "chat" ? chatEventV3(payload as PayloadOf<"chat">) : payload),
  result: (_name, result) => result,
};
