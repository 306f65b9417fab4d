/** Version of the text that a device signs. A device that got no nonce signs v1; v3 also covers the device's kind. */
export type ConnectPayloadVersion = "v1" | "v2" | "v3";

/** What a `connect` request says, as far as a device signs it. Each value as it stands in the request. */
export interface ConnectFields {
  /** `client.id`, literally: also when it is an older brand's spelling. */
  readonly clientId: string;
  /** `client.mode`. */
  readonly clientMode: string;
  /** `role`, or `operator` when the request names none. */
  readonly role: string;
  /** `scopes` in the order sent; empty when none were sent, never a default. */
  readonly scopes: readonly string[];
  /** `auth.token`, whatever kind of token it is. The password is never signed. */
  readonly token?: string | undefined;
  /** `auth.bootstrapToken`. v3 signs it when there is no `token`. */
  readonly bootstrapToken?: string | undefined;
  /** `client.platform`. Signed by v3 only. */
  readonly platform?: string | undefined;
  /** `client.deviceFamily`. Signed by v3 only. */
  readonly deviceFamily?: string | undefined;
}

/** Everything that a connect payload holds. */
export interface ConnectPayload extends ConnectFields {
  readonly version: ConnectPayloadVersion;
  readonly deviceId: string;
  /** When the device signed, in milliseconds since the epoch. */
  readonly signedAtMs: number;
  /** The challenge's nonce. v1 has none. */
  readonly nonce?: string | undefined;
}

/**
 * The text that a device signs to prove itself. Source: docs/protocol.md, "signature payload".
 * The token sits inside the signed text, so a signature captured under an old token can't be replayed with a new one.
 * Order and lack of escaping are wire format: do not sort, do not trim.
 */
export function connectPayload(payload: ConnectPayload): string {
  const { version } = payload;
  const token = payload.token ?? (version === "v3" ? payload.bootstrapToken : undefined) ?? "";
  const fields = [
    version,
    payload.deviceId,
    payload.clientId,
    payload.clientMode,
    payload.role,
    payload.scopes.join(","),
    String(payload.signedAtMs),
    token,
  ];
  if (version !== "v1") fields.push(payload.nonce ?? "");
  if (version === "v3") fields.push(plain(payload.platform), plain(payload.deviceFamily));
  return fields.join("|");
}

/** Trimmed, and A-Z lowered. Only A-Z: full Unicode lowering differs between the languages that clients are written in. */
function plain(text: string | undefined): string {
  return (text ?? "").trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
