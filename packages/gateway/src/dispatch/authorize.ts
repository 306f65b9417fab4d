import {
  type ErrorShape,
  errorShape,
  findMethod,
  type MethodDescription,
  requiredScope,
  scopeSatisfies,
} from "@saltgate/protocol";
import type { Peer } from "../connection/peer.ts";

/** Whether a peer may call a method. */
export type Authorization =
  | { readonly ok: true; readonly method: MethodDescription }
  | { readonly ok: false; readonly error: ErrorShape };

/**
 * Decides whether a peer may call a method, in this order: role, scope, and only then whether the method exists. An
 * unknown method needs admin, so that others learn nothing by trying names. Pure; the one place that decides it.
 */
export function authorize(peer: Pick<Peer, "role" | "scopes" | "version">, name: string): Authorization {
  const description = findMethod(name);
  const inRevision =
    description !== undefined && (description.until === undefined || description.until >= peer.version)
      ? description
      : undefined;
  const role = inRevision?.role ?? "operator";
  if (role !== peer.role) {
    return { ok: false, error: errorShape("ROLE_NOT_ALLOWED", `unauthorized role: ${peer.role}`) };
  }
  const scope = inRevision === undefined ? "operator.admin" : requiredScope(inRevision, peer.version);
  if (scope !== undefined && !scopeSatisfies(peer.scopes, scope)) {
    const details = { missingScope: scope, requiredScopes: [scope] };
    return { ok: false, error: errorShape("MISSING_SCOPE", `missing scope: ${scope}`, { details }) };
  }
  if (name === "connect") {
    return { ok: false, error: errorShape("INVALID_HANDSHAKE", "connect is only valid as the first request") };
  }
  if (inRevision === undefined) return { ok: false, error: errorShape("UNKNOWN_METHOD", `unknown method: ${name}`) };
  return { ok: true, method: inRevision };
}
