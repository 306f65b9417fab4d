/**
 * What an operator may do, as a small lattice: `admin` implies every scope, `write` implies `read`,
 * `talk.secrets` implies `talk`; approvals, pairing and questions imply nothing but themselves.
 */
const IMPLIED = {
  "operator.admin": [
    "operator.read",
    "operator.write",
    "operator.approvals",
    "operator.pairing",
    "operator.talk",
    "operator.talk.secrets",
    "operator.questions",
  ],
  "operator.approvals": [],
  "operator.pairing": [],
  "operator.questions": [],
  "operator.read": [],
  "operator.talk": [],
  "operator.talk.secrets": ["operator.talk"],
  "operator.write": ["operator.read"],
} as const satisfies Record<string, readonly string[]>;

/** A scope of the lattice. */
export type Scope = keyof typeof IMPLIED;

/** Every scope, in alphabetical order. */
export const SCOPES: readonly Scope[] = Object.keys(IMPLIED) as Scope[];

/** The scopes of the local owner's own command line: everything it needs to run a gateway and approve others. */
export const OWNER_SCOPES: readonly Scope[] = ["operator.admin", "operator.approvals", "operator.pairing"];

/** Whether `text` names a scope of the lattice. A scope that we don't know grants nothing and satisfies nothing. */
export function isScope(text: string): text is Scope {
  return Object.hasOwn(IMPLIED, text);
}

/** Whether somebody who holds `granted` may do what needs `required`. */
export function scopeSatisfies(granted: readonly string[], required: string): boolean {
  return granted.some(
    (held) => held === required || (isScope(held) && (IMPLIED[held] as readonly string[]).includes(required)),
  );
}

/** The scopes of `requested` that `granted` doesn't cover, in the order requested, without repeats. */
export function missingScopes(granted: readonly string[], requested: readonly string[]): string[] {
  return [...new Set(requested)].filter((scope) => !scopeSatisfies(granted, scope));
}

/**
 * Requested ∩ approved on the lattice: every requested scope that is covered, and every approved scope that
 * something requested covers. Asking for `read` under an approved `admin` gives `read`; asking for `admin`
 * under an approved `read` gives `read`, never more. Sorted, without repeats.
 */
export function intersectScopes(requested: readonly string[], approved: readonly string[]): string[] {
  const both = [
    ...requested.filter((scope) => scopeSatisfies(approved, scope)),
    ...approved.filter((scope) => scopeSatisfies(requested, scope)),
  ];
  return normalizeScopes(both);
}

/** Trimmed, without empty or repeated entries, sorted. */
export function normalizeScopes(scopes: readonly string[]): string[] {
  return [...new Set(scopes.map((scope) => scope.trim()).filter((scope) => scope !== ""))].sort();
}
