import { type DeviceKeys, payloadText, signText } from "./device-keys.ts";
import type { Frame } from "./wire.ts";

/** What a connect request says; everything has an ordinary value. */
export interface ConnectRequest {
  readonly version?: 3 | 4;
  readonly minProtocol?: number;
  readonly maxProtocol?: number;
  readonly client?: Frame;
  readonly role?: string;
  /** `null` sends none. */
  readonly scopes?: readonly string[] | null;
  readonly auth?: Readonly<Record<string, string>>;
  /** Of a node: `caps`, `commands`, `permissions`, `pathEnv`. */
  readonly claims?: Frame;
  readonly device?: DeviceKeys;
  /** Text that is signed; by default the version's own. */
  readonly payload?: "v1" | "v2" | "v3";
  readonly signedAtMs?: number;
  /** Changes the finished device object. */
  readonly tamper?: (device: Frame) => Frame;
}

/** Params of `connect`, signed as the protocol's page says. */
export function connectParams(request: ConnectRequest, nonce: string): Frame {
  const version = request.version ?? 4;
  const client = { id: "gateway-client", version: "1.0.0", platform: "linux", mode: "backend", ...request.client };
  const scopes = request.scopes === null ? undefined : (request.scopes ?? ["operator.read"]);
  const { auth, device, tamper } = request;
  const payload = request.payload ?? (version === 4 ? "v3" : "v2");
  const signedAtMs = request.signedAtMs ?? Date.now();
  const signed = device && {
    id: device.deviceId,
    publicKey: device.publicKey,
    signedAt: signedAtMs,
    ...(payload !== "v1" && { nonce }),
    signature: signText(
      device.privateKey,
      payloadText(payload, {
        deviceId: device.deviceId,
        clientId: String(client.id),
        clientMode: String(client.mode),
        role: request.role ?? "operator",
        scopes: scopes ?? [],
        signedAtMs,
        token: auth?.["token"] ?? "",
        nonce,
        platform: String(client.platform),
        deviceFamily: "",
      }),
    ),
  };
  return {
    minProtocol: request.minProtocol ?? version,
    maxProtocol: request.maxProtocol ?? version,
    client,
    ...(request.role !== undefined && { role: request.role }),
    ...(scopes && { scopes }),
    ...request.claims,
    ...(auth && { auth }),
    ...(signed && { device: tamper ? tamper(signed) : signed }),
  };
}
