import type { HelloOkV4 } from "../connect.ts";
import type { PayloadOf } from "../events/events.ts";
import { HELLO_HEALTH_KEYS } from "../health.ts";
import type { Hello, ProtocolCodec } from "./codec.ts";
import { helloCommon } from "./shared.ts";

/**
 * The health snapshot in the keys that revision 4 knows. Its published validators refuse others, and an `ok` that is
 * not true; what is left out comes with the method and the event `health`.
 */
function healthOf(health: Hello["health"]): HelloOkV4["snapshot"]["health"] {
  const known: Record<string, unknown> = {};
  for (const key of HELLO_HEALTH_KEYS) if (health[key] !== undefined) known[key] = health[key];
  if (known["ok"] !== true) delete known["ok"];
  return known;
}

/** Revision 4 is told what is new, and puts it together itself. */
function chatEventV4(payload: PayloadOf<"chat">): unknown {
  if (payload.state !== "delta") return payload;
  const { message: _, ...news } = payload;
  return news;
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
      snapshot: { ...snapshot, health: healthOf(hello.health), authMode: hello.authMode },
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
  event: (name, payload) => (name === "chat" ? chatEventV4(payload as PayloadOf<"chat">) : payload),
  result: (_name, result) => result,
};
