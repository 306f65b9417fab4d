import { missingScopes, scopeSatisfies } from "@saltgate/protocol";

/** Who orders a change: a connected operator, or the owner at the machine itself (who holds every scope). */
export interface Caller {
  /** The caller's own device, if it has one. */
  readonly deviceId?: string | undefined;
  /** The scopes that its connection was granted. */
  readonly scopes: readonly string[];
}

/** The caller may not do this. Nothing was changed. */
export interface Forbidden {
  readonly type: "forbidden";
  readonly reason: "missing-scopes" | "not-own-device" | "exceeds-request" | "exceeds-approved";
  /** Scopes that would be needed, or are too many. */
  readonly scopes: readonly string[];
}

/** What may be missing for any of these orders: the scope of the methods, checked here too, for every surface. */
export function forbiddenWithout(caller: Caller, scopes: readonly string[]): Forbidden | undefined {
  const missing = missingScopes(caller.scopes, scopes);
  return missing.length === 0 ? undefined : { type: "forbidden", reason: "missing-scopes", scopes: missing };
}

/** Whether the caller may act on this device: its own, or any as an admin (rule R-15). */
export function forbiddenOn(deviceId: string, caller: Caller): Forbidden | undefined {
  const forbidden = forbiddenWithout(caller, ["operator.pairing"]);
  if (forbidden !== undefined) return forbidden;
  if (caller.deviceId === deviceId || scopeSatisfies(caller.scopes, "operator.admin")) return undefined;
  return { type: "forbidden", reason: "not-own-device", scopes: ["operator.admin"] };
}
