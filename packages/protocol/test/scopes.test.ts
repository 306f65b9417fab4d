import fc from "fast-check";
import { expect, test } from "vitest";
import { intersectScopes, isScope, missingScopes, normalizeScopes, SCOPES, scopeSatisfies } from "../src/index.ts";

const known = fc.constantFrom(...SCOPES);
const scope = fc.oneof(
  { weight: 6, arbitrary: known },
  { weight: 1, arbitrary: fc.constantFrom("operator.future", "x") },
);
const scopes = fc.array(scope, { maxLength: 8 });
const covered = (held: readonly string[], wanted: readonly string[]) =>
  wanted.every((one) => scopeSatisfies(held, one));

test("[protocol:scope-lattice] scopes: the lattice is what it is said to be", () => {
  const implied = Object.fromEntries(
    SCOPES.map((held) => [held, SCOPES.filter((other) => other !== held && scopeSatisfies([held], other))]),
  );
  expect(implied).toEqual({
    "operator.admin": [
      "operator.approvals",
      "operator.pairing",
      "operator.questions",
      "operator.read",
      "operator.talk",
      "operator.talk.secrets",
      "operator.write",
    ],
    "operator.approvals": [],
    "operator.pairing": [],
    "operator.questions": [],
    "operator.read": [],
    "operator.talk": [],
    "operator.talk.secrets": ["operator.talk"],
    "operator.write": ["operator.read"],
  });
});

test("[protocol:scope-lattice] scopes: what implies something implies what that implies", () => {
  for (const a of SCOPES) {
    for (const b of SCOPES) {
      for (const c of SCOPES) {
        if (scopeSatisfies([a], b) && scopeSatisfies([b], c)) expect(scopeSatisfies([a], c)).toBe(true);
      }
    }
  }
});

test("[protocol:scope-intersection] [R-10] scopes: an intersection holds nothing that either side lacks", () => {
  fc.assert(
    fc.property(scopes, scopes, (requested, approved) => {
      const both = intersectScopes(requested, approved);
      expect(covered(requested, both)).toBe(true);
      expect(covered(approved, both)).toBe(true);
    }),
  );
});

test("[protocol:scope-intersection] scopes: an intersection holds everything that both sides cover", () => {
  fc.assert(
    fc.property(scopes, scopes, known, (requested, approved, one) => {
      const wanted = scopeSatisfies(requested, one) && scopeSatisfies(approved, one);
      expect(scopeSatisfies(intersectScopes(requested, approved), one)).toBe(wanted);
    }),
  );
});

test("[protocol:scope-intersection] scopes: the order of the sides doesn't matter, and doing it again changes nothing", () => {
  fc.assert(
    fc.property(scopes, scopes, (a, b) => {
      const both = intersectScopes(a, b);
      expect(intersectScopes(b, a)).toEqual(both);
      expect(intersectScopes(both, b)).toEqual(both);
      expect(intersectScopes(both, both)).toEqual(both);
    }),
  );
});

test("[protocol:scope-intersection] [R-10] scopes: asking for nothing gives nothing", () => {
  expect(intersectScopes([], SCOPES)).toEqual([]);
  expect(intersectScopes(SCOPES, [])).toEqual([]);
  expect(intersectScopes(["operator.admin"], ["operator.read"])).toEqual(["operator.read"]);
});

test("[protocol:scope-lattice] scopes: a scope that we don't know implies nothing", () => {
  fc.assert(
    fc.property(fc.string(), known, (text, wanted) => {
      fc.pre(!isScope(text));
      expect(scopeSatisfies([text], wanted)).toBe(false);
    }),
  );
  expect(isScope("toString")).toBe(false);
  expect(isScope("__proto__")).toBe(false);
});

test("[protocol:scope-lattice] scopes: what is missing is what isn't covered", () => {
  fc.assert(
    fc.property(scopes, scopes, (granted, requested) => {
      const missing = missingScopes(granted, requested);
      expect(new Set(missing).size).toBe(missing.length);
      expect(covered([...granted, ...missing], requested)).toBe(true);
      for (const one of missing) expect(scopeSatisfies(granted, one)).toBe(false);
    }),
  );
});

test("[protocol:scope-lattice] scopes: a normal list is trimmed, sorted and without repeats", () => {
  expect(normalizeScopes([" operator.write", "operator.read", "", "operator.write"])).toEqual([
    "operator.read",
    "operator.write",
  ]);
  fc.assert(
    fc.property(fc.array(fc.string()), (list) => {
      const once = normalizeScopes(list);
      expect(normalizeScopes(once)).toEqual(once);
    }),
  );
});
