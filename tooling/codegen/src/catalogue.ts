import {
  DETAIL_CODES,
  EVENTS,
  type EventDescription,
  METHODS,
  type MethodDescription,
  ROLES,
  requiredScope,
  SCOPES,
} from "@saltgate/protocol";

/** What the native models say about each method. */
export interface MethodFacts {
  readonly name: string;
  readonly summary: string;
  readonly role: string;
  /** The scope in revision 3 and in revision 4, where it exists and needs one. */
  readonly scope3: string | undefined;
  readonly scope4: string | undefined;
  readonly idempotent: boolean;
}

/** What the native models say about each event. */
export interface EventFacts {
  readonly name: string;
  readonly summary: string;
  readonly scope: string | undefined;
}

/** Every method, `connect` first. */
export function methodFacts(): MethodFacts[] {
  return [
    {
      name: "connect",
      summary: "The handshake.",
      role: "operator",
      scope3: undefined,
      scope4: undefined,
      idempotent: false,
    },
    ...Object.entries<MethodDescription>(METHODS).map(([name, method]) => ({
      name,
      summary: method.summary,
      role: method.role,
      scope3: requiredScope(method, 3),
      scope4: requiredScope(method, 4),
      idempotent: method.idempotent === true,
    })),
  ];
}

/** Every event. */
export function eventFacts(): EventFacts[] {
  return Object.entries<EventDescription>(EVENTS).map(([name, { summary, scope }]) => ({ name, summary, scope }));
}

/** The closed lists of words. */
export const WORDS = { roles: ROLES, scopes: SCOPES, detailCodes: Object.keys(DETAIL_CODES) } as const;
