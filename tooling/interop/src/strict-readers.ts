import type { Frame } from "./wire.ts";

const RESPONSE_KEYS = new Set(["type", "id", "ok", "payload", "error"]);
const EVENT_KEYS = new Set(["type", "event", "payload", "seq", "stateVersion"]);
const ERROR_KEYS = new Set(["code", "message", "details", "retryable", "retryAfterMs"]);

const isRecord = (value: unknown): value is Frame =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const onlyHas = (value: Frame, keys: ReadonlySet<string>): boolean => Object.keys(value).every((key) => keys.has(key));
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

/** Why the revision 3 JavaScript client would drop a frame without a word; `undefined` when it takes it. */
export function whyDropped(frame: Frame): string | undefined {
  if (frame["type"] === "res") {
    if (!onlyHas(frame, RESPONSE_KEYS)) return "unknown key in a response";
    if (typeof frame["ok"] !== "boolean") return "ok is no boolean";
    if (!("error" in frame)) return undefined;
    if (!isRecord(frame["error"])) return "error is no object";
    return onlyHas(frame["error"], ERROR_KEYS) ? undefined : "unknown key in an error";
  }
  if (frame["type"] === "event") {
    if (!onlyHas(frame, EVENT_KEYS)) return "unknown key in an event";
    if ("seq" in frame && !isCount(frame["seq"])) return "seq is no count";
    const version = frame["stateVersion"];
    if (version === undefined) return undefined;
    return isRecord(version) && isCount(version["presence"]) && isCount(version["health"])
      ? undefined
      : "stateVersion lacks a number";
  }
  return "neither response nor event";
}

/**
 * Reads hello-ok as an Apple client does: every key that it declares must be there, and every number in what it
 * declares must be an integer.
 * @throws {Error} naming what is missing.
 */
export function decodeHelloLikeSwift(hello: unknown): void {
  const want = (holder: unknown, key: string, kind: "object" | "array" | "integer" | "string"): unknown => {
    const value = isRecord(holder) ? holder[key] : undefined;
    const fits = {
      object: isRecord(value),
      array: Array.isArray(value),
      integer: Number.isInteger(value),
      string: typeof value === "string",
    }[kind];
    if (!fits) throw new Error(`hello-ok: ${key} is no ${kind}`);
    return value;
  };
  want(hello, "type", "string");
  want(hello, "protocol", "integer");
  want(hello, "server", "object");
  want(hello, "features", "object");
  const snapshot = want(hello, "snapshot", "object");
  for (const row of want(snapshot, "presence", "array") as unknown[]) want(row, "ts", "integer");
  want(snapshot, "health", "object");
  const version = want(snapshot, "stateVersion", "object");
  want(version, "presence", "integer");
  want(version, "health", "integer");
  want(snapshot, "uptimeMs", "integer");
  const policy = want(hello, "policy", "object");
  for (const key of ["maxPayload", "maxBufferedBytes", "tickIntervalMs"]) want(policy, key, "integer");
}
