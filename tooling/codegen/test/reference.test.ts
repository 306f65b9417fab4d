import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  CLOSE_CODES,
  DETAIL_CODES,
  decodeRequestFrame,
  decodeServerFrame,
  EVENTS,
  LIMITS,
  METHODS,
  SCOPES,
} from "@saltgate/protocol";
import { expect, test } from "vitest";
import { definitions } from "../src/json-schema.ts";
import { limitComments, referencePage } from "../src/reference.ts";
import { anchor } from "../src/shape-table.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const page = read("docs/protocol.md");
const headings = [...page.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? "");

test("[protocol:reference] reference: every method and every event has a section", () => {
  for (const name of Object.keys(METHODS)) expect(headings, name).toContain(name);
  for (const name of Object.keys(EVENTS)) expect(headings, name).toContain(`Event ${name}`);
});

test("[protocol:reference] reference: no method or event is described that doesn't exist", () => {
  const sections = [...page.matchAll(/^#### (?:Event )?([a-z][\w.-]*)$/gm)].map((match) => match[1] ?? "");
  for (const name of sections) expect(Object.hasOwn(METHODS, name) || Object.hasOwn(EVENTS, name), name).toBe(true);
});

test("[protocol:reference] reference: every link within the page leads somewhere, and no two headings share an address", () => {
  const anchors = headings.map(anchor);
  expect(anchors.filter((one, index) => anchors.indexOf(one) !== index)).toEqual([]);
  const targets = [...page.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1] ?? "");
  expect(targets.length).toBeGreaterThan(50);
  expect([...new Set(targets)].filter((target) => !anchors.includes(target))).toEqual([]);
});

test("[protocol:reference] reference: every bound is named with its value and what it means", () => {
  const comments = limitComments(read("packages/protocol/src/limits.ts"));
  for (const [name, value] of Object.entries(LIMITS)) {
    expect(comments.get(name), name).toMatch(/^[A-Z].*\.$/);
    expect(page).toContain(`| \`${name}\` | ${value} | ${comments.get(name)} |`);
  }
});

test("[protocol:reference] reference: every scope is explained", () => {
  for (const scope of SCOPES) expect(page).toMatch(new RegExp(`^\\| \`${scope.replaceAll(".", "\\.")}\` \\| `, "m"));
});

test("[protocol:errors-documented] errors page: it has every detail code, and no other", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map((match) => match[1]);
  expect(rows).toEqual(Object.keys(DETAIL_CODES));
  const inReference = [...page.matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map((match) => match[1]);
  expect(inReference).toEqual(Object.keys(DETAIL_CODES));
});

test("[protocol:errors-documented] errors page: it has every close code, and no other", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| (\d{4}) \| (?:`([^`]*)`|\(empty\)) \|/gm)].map((match) => [
    Number(match[1]),
    match[2] ?? "",
  ]);
  expect(rows).toEqual(Object.values(CLOSE_CODES).map(({ code, reason }) => [code, reason]));
});

test("[protocol:reference] reference: every link to another file leads to one", () => {
  for (const match of page.matchAll(/\]\(([^)#]+\.md)\)/g)) expect(read(`docs/${match[1]}`).length).toBeGreaterThan(0);
});

test("reference: a template that asks for something unknown, or leaves something out, is refused", () => {
  const limits = read("packages/protocol/src/limits.ts");
  expect(() => referencePage(definitions(), "{{nonsense}}", limits)).toThrow("{{nonsense}}");
  expect(() => referencePage(definitions(), "nothing", limits)).toThrow("leaves out");
});

test("[protocol:reference] reference: the test vectors of the device proof are true", () => {
  const seed = /^The secret key \(seed\), in hex: `([0-9a-f]{64})`$/m.exec(page)?.[1] ?? "";
  const key = createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${seed}`, "hex"),
    format: "der",
    type: "pkcs8",
  });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  expect(page).toMatch(new RegExp(`\\| publicKey +\\| \`${raw.toString("base64url")}\` +\\|`));
  const deviceId = createHash("sha256").update(raw).digest("hex");
  expect(page).toMatch(new RegExp(`\\| id +\\| \`${deviceId}\` +\\|`));
  const vectors = [...page.matchAll(/^(v[123]\|.+)\n([\w-]{86})$/gm)];
  expect(vectors.map((match) => match[1]?.slice(0, 2))).toEqual(["v1", "v2", "v2", "v3"]);
  for (const [, text = "", signature = ""] of vectors) {
    expect(text.split("|")[1]).toBe(deviceId);
    expect(verify(null, Buffer.from(text), createPublicKey(key), Buffer.from(signature, "base64url"))).toBe(true);
    expect(sign(null, Buffer.from(text), key).toString("base64url")).toBe(signature);
  }
});

test("[protocol:reference] reference: every frame of the transcripts is one that the decoders read", () => {
  const sent = [...page.matchAll(/^> (\{.*)$/gm)].map((match) => match[1] ?? "");
  const received = [...page.matchAll(/^< (\{.*)$/gm)].map((match) => match[1] ?? "");
  expect(sent.length).toBeGreaterThan(5);
  expect(received.length).toBeGreaterThan(10);
  for (const line of sent) expect(decodeRequestFrame(line), line).toMatchObject({ ok: true });
  for (const line of received) expect(decodeServerFrame(line), line).toMatchObject({ ok: true });
});
