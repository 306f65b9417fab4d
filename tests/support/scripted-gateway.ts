import type { AddressInfo } from "node:net";
import { connectPayload, deviceIdOf } from "@saltgate/identity";
import { nativeEngine } from "@saltgate/identity/node";
import { type WebSocket, WebSocketServer } from "ws";

/** Params of `connect`, as they came in. */
export interface SeenConnect {
  readonly minProtocol: number;
  readonly maxProtocol: number;
  readonly client: Record<string, string>;
  readonly role?: string;
  readonly scopes?: string[];
  readonly auth?: { token?: string; password?: string; deviceToken?: string; bootstrapToken?: string };
  readonly device?: { id: string; publicKey: string; signature: string; signedAt: number; nonce?: string };
  readonly [key: string]: unknown;
}

/** One socket of the far side. */
export interface FarSide {
  readonly nonce: string;
  readonly socket: WebSocket;
  send(frame: unknown): void;
  event(event: string, payload: unknown, seq?: number): void;
  /** Version of the text that the device signed, if the proof holds for it. */
  provenWith(params: SeenConnect): "v1" | "v2" | "v3" | undefined;
}

/** What the far side answers to `connect`: a hello-ok, an error, or its own doing. */
export type Answer =
  | { readonly hello: unknown }
  | { readonly error: unknown; readonly close?: [number, string] }
  | "silence";

/** How a scripted gateway behaves. */
export interface Script {
  /** The payload of its challenge; `null` for none. @default a nonce and a time */
  readonly challenge?: (nonce: string) => unknown;
  readonly connect?: (params: SeenConnect, far: FarSide, attempt: number) => Answer;
  /** Answers a request after hello-ok. @default `{ok: true}` */
  readonly request?: (frame: { id: string; method: string; params?: unknown }, far: FarSide) => unknown;
}

/** A far side over real sockets whose words a test chooses. */
export interface ScriptedGateway extends AsyncDisposable {
  readonly url: string;
  readonly connects: SeenConnect[];
  readonly sockets: FarSide[];
  readonly requests: { id: string; method: string; params?: unknown }[];
  /** How sockets were closed by the client, in order. */
  readonly closes: { code: number; reason: string }[];
  /** Waits until `look` finds something. */
  until<T>(look: () => T | undefined): Promise<T>;
}

/** When the scripted gateways live, by their own clock. */
export const GATEWAY_TIME = 1_769_904_000_000;

export const helloV4 = (auth: Record<string, unknown> = {}, policy: Record<string, unknown> = {}): Answer => ({
  hello: {
    type: "hello-ok",
    protocol: 4,
    server: { version: "9.9.9", connId: "c" },
    features: { methods: ["health"], events: ["tick"] },
    snapshot: { presence: [], health: {}, stateVersion: { presence: 1, health: 1 }, uptimeMs: 1 },
    auth: { role: "operator", scopes: ["operator.read"], ...auth },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 15_000, ...policy },
  },
});

export const helloV3 = (auth?: Record<string, unknown>): Answer => ({
  hello: {
    type: "hello-ok",
    protocol: 3,
    server: { version: "2026.1.30", connId: "c", host: "old" },
    features: { methods: ["health"], events: ["tick"] },
    snapshot: { presence: [], health: {}, stateVersion: { presence: 1, health: 1 }, uptimeMs: 1 },
    ...(auth && { auth }),
    policy: { maxPayload: 524_288, maxBufferedBytes: 1_572_864, tickIntervalMs: 30_000 },
  },
});

/** A refusal of a gateway that names its detail code. */
export const refusal = (
  code: string,
  detail: string,
  extra: Record<string, unknown> = {},
  details: Record<string, unknown> = {},
): Answer => ({ error: { code, message: `refused: ${detail}`, details: { code: detail, ...details }, ...extra } });

/** A refusal of a gateway that has only words, and the code with which it closes. */
export const wordsOnly = (message: string, details?: unknown): Answer => ({
  error: { code: "INVALID_REQUEST", message, ...(details !== undefined && { details }) },
  close: [message === "protocol mismatch" ? 1002 : 1008, message],
});

export async function startScripted(script: Script = {}): Promise<ScriptedGateway> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  const connects: SeenConnect[] = [];
  const sockets: FarSide[] = [];
  const requests: ScriptedGateway["requests"] = [];
  const closes: ScriptedGateway["closes"] = [];
  let wake: (() => void)[] = [];
  const changed = (): void => {
    const waiting = wake;
    wake = [];
    for (const go of waiting) go();
  };
  server.on("connection", (socket) => {
    const nonce = crypto.randomUUID();
    const send = (frame: unknown): void => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    const far: FarSide = {
      nonce,
      socket,
      send,
      event: (event, payload, seq) => send({ type: "event", event, payload, ...(seq !== undefined && { seq }) }),
      provenWith: (params) => provenWith(params, nonce),
    };
    sockets.push(far);
    const challenge = script.challenge ? script.challenge(nonce) : { nonce, ts: GATEWAY_TIME };
    if (challenge !== null) far.event("connect.challenge", challenge);
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data));
      if (frame.method === "connect") {
        connects.push(frame.params);
        answer(frame.id, script.connect?.(frame.params, far, connects.length) ?? helloV4(), far);
      } else {
        requests.push(frame);
        const payload = script.request ? script.request(frame, far) : { ok: true };
        if (payload !== "silence") send({ type: "res", id: frame.id, ok: true, payload });
      }
      changed();
    });
    socket.on("close", (code, reason) => {
      closes.push({ code, reason: String(reason) });
      changed();
    });
    changed();
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connects,
    sockets,
    requests,
    closes,
    async until(look) {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(id: string, said: Answer, far: FarSide): void {
  if (said === "silence") return;
  if ("hello" in said) return far.send({ type: "res", id, ok: true, payload: said.hello });
  far.send({ type: "res", id, ok: false, error: said.error });
  const [code, reason] = said.close ?? [1008, "refused"];
  far.socket.close(code, reason);
}

/** Checks a proof as a gateway does, over each text that it could have been written for. */
function provenWith(params: SeenConnect, nonce: string): "v1" | "v2" | "v3" | undefined {
  const { device, client, auth } = params;
  if (device === undefined) return undefined;
  const publicKey = new Uint8Array(Buffer.from(device.publicKey, "base64url"));
  if (deviceIdOf(nativeEngine, publicKey) !== device.id) return undefined;
  return (["v1", "v2", "v3"] as const).find((version) => {
    if ((version === "v1") !== (device.nonce === undefined)) return false;
    const text = connectPayload({
      version,
      deviceId: device.id,
      clientId: client["id"] ?? "",
      clientMode: client["mode"] ?? "",
      role: params.role ?? "operator",
      scopes: params.scopes ?? [],
      signedAtMs: device.signedAt,
      token: auth?.token ?? auth?.bootstrapToken,
      nonce,
      platform: client["platform"],
      deviceFamily: client["deviceFamily"],
    });
    return nativeEngine.verify(Buffer.from(device.signature, "base64url"), new TextEncoder().encode(text), publicKey);
  });
}

const V3_TOP = [
  "minProtocol",
  "maxProtocol",
  "client",
  "caps",
  "commands",
  "permissions",
  "pathEnv",
  "role",
  "scopes",
  "device",
  "auth",
  "locale",
  "userAgent",
];
const V3_AUTH = ["token", "password"];

/**
 * A gateway of revision 3 and nothing else, as strict as the real ones: closed params, one shared token, only the
 * older proof, refusals in words. `sharedToken` or a device's own token lets in.
 */
export function strictV3(options: { readonly sharedToken: string; readonly deviceToken?: string }): Script {
  return {
    connect(params, far) {
      const unknown =
        Object.keys(params).find((key) => !V3_TOP.includes(key)) ??
        Object.keys(params.auth ?? {}).find((key) => !V3_AUTH.includes(key));
      if (unknown !== undefined) return wordsOnly(`invalid connect params: at root: unexpected property '${unknown}'`);
      if (params.minProtocol > 3 || params.maxProtocol < 3)
        return wordsOnly("protocol mismatch", { expectedProtocol: 3 });
      const version = far.provenWith(params);
      if (params.device !== undefined && version !== "v2" && version !== "v1")
        return wordsOnly("device signature invalid");
      const token = params.auth?.token;
      if (token !== options.sharedToken && token !== options.deviceToken)
        return wordsOnly("unauthorized: gateway token mismatch (provide gateway auth token)");
      return helloV3({ deviceToken: "v3-device-token", role: "operator", scopes: ["operator.read"] });
    },
  };
}
