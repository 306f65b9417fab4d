import { readdirSync, readFileSync } from "node:fs";
import { CONNECT, EVENTS, METHODS } from "@saltgate/protocol";
import { expect, test } from "vitest";
import * as z from "zod";
import { definitions, paramsName, payloadName, resultName, schemaDocument } from "../src/json-schema.ts";

const golden = new URL("../../../packages/protocol/test/golden/", import.meta.url);
const all = definitions();

/** A validator that is made from the generated JSON Schema, not from our own descriptions. */
function validator(name: string): z.ZodType {
  return z.fromJSONSchema({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $ref: `#/$defs/${name}`,
    $defs: all,
  } as Parameters<typeof z.fromJSONSchema>[0]);
}

test("[protocol:json-schema] json schema: every method and every event has its definitions", () => {
  for (const name of Object.keys(METHODS)) {
    expect(all).toHaveProperty(paramsName(name));
    expect(all).toHaveProperty(resultName(name));
  }
  for (const name of Object.keys(EVENTS)) expect(all).toHaveProperty(payloadName(name));
  for (const name of ["RequestFrame", "ResponseFrame", "EventFrame", "ConnectParams", "HelloOkV3", "HelloOkV4"]) {
    expect(all).toHaveProperty(name);
  }
});

test("[protocol:json-schema] json schema: every reference leads to a definition", () => {
  const targets = [...JSON.stringify(schemaDocument()).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(targets.length).toBeGreaterThan(300);
  for (const target of new Set(targets)) expect(all, target).toHaveProperty(target.replace("#/$defs/", ""));
});

test("[protocol:json-schema] json schema: the recorded frames are valid by it", () => {
  const files = readdirSync(golden).filter((name) => name.endsWith(".json"));
  expect(files.length).toBeGreaterThan(5);
  for (const name of files) {
    const frame = JSON.parse(readFileSync(new URL(name, golden), "utf8")) as { payload?: unknown };
    expect(validator("ResponseFrame").safeParse(frame).error, name).toBeUndefined();
    if (name.startsWith("hello-ok-v3")) expect(validator("HelloOkV3").safeParse(frame.payload).error).toBeUndefined();
    if (name.startsWith("hello-ok-v4")) expect(validator("HelloOkV4").safeParse(frame.payload).error).toBeUndefined();
  }
});

test("[protocol:json-schema] json schema: what our own schema refuses is refused by it", () => {
  expect(validator("ConnectParams").safeParse({ minProtocol: 3 }).success).toBe(false);
  expect(CONNECT.params().safeParse({ minProtocol: 3 }).success).toBe(false);
  expect(validator("ConfigSetParams").safeParse({ raw: "" }).success).toBe(false);
  expect(
    validator("ChatSendParams").safeParse({ sessionKey: "main", message: "hi", idempotencyKey: "k" }).success,
  ).toBe(true);
});

test("[protocol:json-schema] json schema: a receiver may not be stricter than we are: only hello-ok is closed", () => {
  const closed = Object.entries(all)
    .filter(([, schema]) => JSON.stringify(schema).includes('"additionalProperties":false'))
    .map(([name]) => name);
  expect(closed).toEqual(["HelloOkV3", "HelloOkV4"]);
});
