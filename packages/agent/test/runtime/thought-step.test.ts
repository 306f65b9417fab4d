import { expect, test } from "vitest";
import { ThoughtCollector } from "../../src/runtime/thought-step.ts";

test("[models:tool-calls] what a model wants back with a call is kept with it, and counts as part of it", () => {
  const collector = new ThoughtCollector({ text: () => {} }, () => "fresh", new Set());
  const call = { type: "toolCall" as const, id: "a", name: "read", arguments: {} };
  collector.take({ ...call, signature: "sig-1" });
  expect(collector.parts).toEqual([{ ...call, thoughtSignature: "sig-1" }]);
  expect(() => collector.take({ ...call, id: "b", signature: "s".repeat(2_000_001) })).toThrow("too long arguments");
});
