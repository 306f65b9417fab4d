import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";

/** What a new device needs to join once: where, with which one-time code, and which certificate to expect. */
export interface SetupCode {
  /** The gateway, `ws://` or `wss://`. */
  readonly url: string;
  /** The code itself, at least 128 random bits. It is good once, for ten minutes, and no secret of the gateway. */
  readonly bootstrapToken: string;
  /** SHA-256 of the gateway's certificate, in lower-case hex. */
  readonly tlsFingerprint?: string;
}

const maxWordChars = 8_192;

/** A setup code as one word to paste: base64url of JSON. */
export function encodeSetupCode({ url, bootstrapToken, tlsFingerprint }: SetupCode): string {
  const json = JSON.stringify({ url, bootstrapToken, ...(tlsFingerprint !== undefined && { tlsFingerprint }) });
  return encodeBase64Url(new TextEncoder().encode(json));
}

/** Reads such a word; `undefined` when it is none, or not whole. Keys that we don't know are ignored. */
export function decodeSetupCode(word: string): SetupCode | undefined {
  if (word.length > maxWordChars) return undefined;
  const bytes = decodeBase64Url(word.trim());
  if (bytes === undefined) return undefined;
  try {
    return setupCodeOf(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined; // not UTF-8, or not JSON
  }
}

function setupCodeOf(json: unknown): SetupCode | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { url, bootstrapToken, tlsFingerprint } = json as Record<string, unknown>;
  if (typeof url !== "string" || !/^wss?:\/\/\S+$/.test(url)) return undefined;
  if (typeof bootstrapToken !== "string" || !/^[\w-]{22,512}$/.test(bootstrapToken)) return undefined;
  if (tlsFingerprint === undefined || tlsFingerprint === null) return { url, bootstrapToken };
  if (typeof tlsFingerprint !== "string" || !/^[0-9a-f]{64}$/.test(tlsFingerprint)) return undefined;
  return { url, bootstrapToken, tlsFingerprint };
}
