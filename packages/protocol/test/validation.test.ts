import { expect, test } from "vitest";
import * as z from "zod";
import { connectParamsSchema, describeIssues } from "../src/index.ts";

function issuesOf(schema: z.ZodType, value: unknown): string {
  const parsed = schema.safeParse(value);
  if (parsed.success) throw new Error("expected the value to be refused");
  return describeIssues(parsed.error);
}

test("[protocol:issues] issues: a missing property is named where it is missing", () => {
  const schema = z.object({ a: z.object({ b: z.string() }), c: z.int() });
  expect(issuesOf(schema, { a: {} })).toBe("at /a: must have required property 'b'; must have required property 'c'");
});

test("[protocol:issues] issues: a value of another type isn't called missing", () => {
  expect(issuesOf(z.object({ id: z.string() }), { id: 5 })).toBe(
    "at /id: Invalid input: expected string, received number",
  );
  expect(issuesOf(z.object({ id: z.string() }), { id: null })).toBe(
    "at /id: Invalid input: expected string, received null",
  );
});

test("[protocol:issues] issues: a fault of the whole value has no path", () => {
  expect(issuesOf(z.object({}), 5)).toBe("Invalid input: expected object, received number");
});

test("[protocol:issues] issues: repeats are left out and the line stays short", () => {
  const many = z.array(z.string()).safeParse(Array.from({ length: 2_000 }, () => 1));
  if (many.success) throw new Error("expected the value to be refused");
  expect(describeIssues(many.error).length).toBe(2_000);
  const same = z.union([z.object({ a: z.string() }), z.object({ a: z.string() })]);
  expect(issuesOf(same, {})).not.toContain(";");
});

test("[protocol:issues] [R-19] issues: no value of the peer's is quoted", () => {
  const secret = "hunter2-hunter2";
  const params = {
    minProtocol: secret,
    maxProtocol: 4,
    client: { id: "", version: secret.repeat(50), platform: 1, mode: {} },
    role: [secret],
    scopes: secret,
    caps: { [0]: secret },
    permissions: { camera: secret },
    device: { id: "d", publicKey: "", signature: secret.repeat(50), signedAt: secret, nonce: 5 },
    auth: { token: [secret], password: { secret } },
  };
  expect(issuesOf(connectParamsSchema(), params)).not.toContain("hunter2");
});

test("[protocol:issues] issues: a key is written as a JSON pointer", () => {
  expect(issuesOf(z.record(z.string(), z.int()), { "a/b~c": "x" })).toMatch(/^at \/a~1b~0c: /);
});
