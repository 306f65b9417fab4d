import type * as z from "zod";
import type { Role } from "./roles.ts";
import type { Scope } from "./scopes.ts";
import type { ProtocolVersion } from "./versions.ts";

/** Who may call a method: one scope for both revisions, or one for each where they differ. */
export type ScopeRule = Scope | { readonly 3: Scope; readonly 4: Scope };

/** One method of the protocol, described once. Everything else is derived from this. */
export interface MethodDescription {
  /** One sentence for the reference page. */
  readonly summary: string;
  /** The role that may call it. */
  readonly role: Role;
  /** The operator scope that it needs; methods of nodes need none. */
  readonly scope?: ScopeRule;
  /** The revision that introduced it. */
  readonly since: ProtocolVersion;
  /** The last revision that has it, where a later one dropped it. */
  readonly until?: ProtocolVersion;
  /** `served`: this gateway answers it. `planned`: described, typed and generated, and refused as not served. */
  readonly status: "served" | "planned";
  /**
   * Whether params carry an `idempotencyKey` and a repeat gets the first answer again. `kept`: the handler itself knows
   * repeats, from the disk, and answers how far the first one is.
   */
  readonly idempotent?: boolean | "kept";
  /** Callable, but not named in `hello-ok.features` of these revisions. */
  readonly unlisted?: readonly ProtocolVersion[];
  /** Whether the owner's log of privileged acts gets a line for each call. */
  readonly privileged?: boolean;
  /** Whether it is answered while the gateway lets running work end, because it brings such work to its end. */
  readonly concludes?: boolean;
  /** Schema of the params, built when it is first asked for. Absent params count as `{}`. */
  readonly params: () => z.ZodType;
  /** Schema of the result. */
  readonly result: () => z.ZodType;
  /** What a reader should know besides: errors, events that follow, differences between the revisions. */
  readonly notes?: string;
}

/** One event of the protocol, described once. */
export interface EventDescription {
  /** One sentence for the reference page. */
  readonly summary: string;
  /** The revision that introduced it. */
  readonly since: ProtocolVersion;
  /** `served`: this gateway sends it. `planned`: described, typed and generated, and not sent yet. */
  readonly status: "served" | "planned";
  /**
   * Who gets it: `everyone` (operators and nodes), operators that hold `scope`, or only the connection that it is
   * meant for. An event without a rule is sent to nobody (rule R-20).
   */
  readonly audience: "everyone" | "operators" | "target";
  /** The scope that an operator must hold to get it. */
  readonly scope?: Scope;
  /** Whether a slow reader may miss one, because the next one replaces it. */
  readonly droppable: boolean;
  /** Whether frames carry `stateVersion`. */
  readonly stateful?: boolean;
  /** Schema of the payload. */
  readonly payload: () => z.ZodType;
  /** What a reader should know besides: targeted copies, when it comes, differences between the revisions. */
  readonly notes?: string;
}

/** Checks a description and keeps its exact type. */
export function method<const M extends MethodDescription>(description: M): M {
  return description;
}

/** Checks a description and keeps its exact type. */
export function event<const E extends EventDescription>(description: E): E {
  return description;
}

/** The scope that a method needs from a peer of `version`; `undefined` where it needs none. */
export function requiredScope(description: MethodDescription, version: ProtocolVersion): Scope | undefined {
  const rule = description.scope;
  if (rule === undefined || typeof rule === "string") return rule;
  return rule[version];
}
