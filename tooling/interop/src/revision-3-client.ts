import { type DeviceKeys, payloadText, signText } from "./device-keys.ts";
import { whyDropped } from "./strict-readers.ts";
import { type Ending, type Frame, Wire } from "./wire.ts";

/** What makes one revision 3 client different from another. */
export interface Revision3Style {
  readonly clientId: string;
  readonly mode: string;
  /** `undefined` sends no scopes at all. */
  readonly scopes?: readonly string[];
  readonly role?: "operator" | "node";
  /** Apple clients send every frame as a binary message. */
  readonly frames: "text" | "binary";
  /** Whether it answers the challenge (payload v2) or signs without it (payload v1). */
  readonly nonce: "signed" | "ignored";
}

/** How a revision 3 client asks to be let in. */
export interface Revision3Credentials {
  /** Shared token or device token: both travel in the same field. */
  readonly token: string;
  readonly device?: DeviceKeys;
}

/** What came of connecting. */
export type Revision3Outcome =
  | { readonly ok: true; readonly hello: Frame }
  | { readonly ok: false; readonly error: Frame; readonly ending: Ending };

/** A client of protocol revision 3, written from the protocol's description alone, quirks included. */
export class Revision3Client {
  readonly wire: Wire;
  readonly #style: Revision3Style;
  #requests = 0;

  constructor(url: string, style: Revision3Style) {
    this.wire = new Wire(url);
    this.#style = style;
  }

  async connect({ token, device }: Revision3Credentials): Promise<Revision3Outcome> {
    const { clientId, mode, scopes, role, frames } = this.#style;
    const { nonce } = await this.wire.challenge();
    const params = {
      minProtocol: 3,
      maxProtocol: 3,
      client: { id: clientId, displayName: `A ${clientId}`, version: "2026.1.30", platform: "linux", mode },
      caps: [],
      ...(role && { role }),
      ...(scopes && { scopes }),
      auth: { token },
      ...(device && { device: this.#proof(device, token, nonce) }),
    };
    this.wire.send({ type: "req", id: "connect", method: "connect", params }, frames);
    const response = await this.wire.response("connect");
    if (response["ok"] === true) return { ok: true, hello: response["payload"] as Frame };
    return { ok: false, error: response["error"] as Frame, ending: await this.wire.ended };
  }

  #proof(device: DeviceKeys, token: string, nonce: string): Frame {
    const { clientId, mode, scopes, role } = this.#style;
    const signedAtMs = Date.now();
    const version = this.#style.nonce === "signed" ? "v2" : "v1";
    const text = payloadText(version, {
      deviceId: device.deviceId,
      clientId,
      clientMode: mode,
      role: role ?? "operator",
      scopes: scopes ?? [],
      signedAtMs,
      token,
      nonce,
      platform: "",
      deviceFamily: "",
    });
    return {
      id: device.deviceId,
      publicKey: device.publicKey,
      signature: signText(device.privateKey, text),
      signedAt: signedAtMs,
      ...(version === "v2" && { nonce }),
    };
  }

  async request(method: string, params?: unknown): Promise<Frame> {
    this.#requests += 1;
    const id = `r${this.#requests}`;
    this.wire.send({ type: "req", id, method, ...(params !== undefined && { params }) }, this.#style.frames);
    return this.wire.response(id);
  }

  /** Why the strict revision 3 reader would have dropped frames that came; empty when it takes them all. */
  get dropped(): string[] {
    return this.wire.frames.items.map(whyDropped).filter((why) => why !== undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.wire[Symbol.asyncDispose]();
  }
}
