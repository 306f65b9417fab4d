import type { HelloOk } from "@saltgate/protocol";
import type { Dialect } from "./dialect.ts";

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads the answer to `connect`. Only what this package works with is checked; keys that a newer gateway adds are kept
 * and never fatal. `undefined` when it is no hello-ok of a revision that was asked for.
 */
export function readHello(payload: unknown, dialect: Dialect): HelloOk | undefined {
  if (!isRow(payload) || payload["type"] !== "hello-ok") return undefined;
  const { protocol, server, features, snapshot, policy } = payload;
  if (typeof protocol !== "number" || protocol < dialect.min || protocol > dialect.max) return undefined;
  if (!isRow(server) || !isRow(features) || !isRow(snapshot) || !isRow(policy)) return undefined;
  if (!Array.isArray(features["methods"]) || !Array.isArray(features["events"])) return undefined;
  const isComplete = [policy["maxPayload"], policy["maxBufferedBytes"], policy["tickIntervalMs"]].every(isPositive);
  return isComplete ? (payload as unknown as HelloOk) : undefined;
}

/** A device token that came with hello-ok. */
export interface IssuedToken {
  readonly token: string;
  readonly scopes: readonly string[];
}

/** The token that a gateway issued for `role`, when it issued one. */
export function issuedToken(hello: HelloOk, role: string): IssuedToken | undefined {
  const auth: unknown = hello.auth;
  if (!isRow(auth) || auth["role"] !== role) return undefined;
  const { deviceToken, scopes } = auth;
  if (typeof deviceToken !== "string" || deviceToken === "") return undefined;
  return {
    token: deviceToken,
    scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [],
  };
}

/** The payload of `connect.challenge`. */
export interface Challenge {
  readonly nonce: string;
  /** The gateway's clock, in milliseconds; `undefined` when it is no time that could be meant. */
  readonly ts: number | undefined;
}

/** Reads a challenge; `undefined` when it carries no nonce. */
export function readChallenge(payload: unknown): Challenge | undefined {
  if (!isRow(payload)) return undefined;
  const { nonce, ts } = payload;
  if (typeof nonce !== "string" || nonce === "" || nonce.length > 256) return undefined;
  // Between the years 2020 and 2100: a gateway whose clock isn't set would make every proof worthless.
  const isTime = typeof ts === "number" && Number.isSafeInteger(ts) && ts > 1_577_836_800_000 && ts < 4_102_444_800_000;
  return { nonce, ts: isTime ? ts : undefined };
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 1;
}
