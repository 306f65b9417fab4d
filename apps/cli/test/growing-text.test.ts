import fc from "fast-check";
import { expect, test } from "vitest";
import { GrowingText } from "../src/output/growing-text.ts";
import { saidSoFar } from "../src/output/message-text.ts";
import { printableText } from "../src/output/printable.ts";

/** What a place that can only be added to holds after these reports and the end. */
function writtenBy(reports: readonly string[], end: string): string {
  let written = "";
  const text = new GrowingText((piece) => (written += piece));
  for (const report of reports) text.take(report);
  text.end(end);
  return written;
}

test("[terminal:agent] growing text: however a text is cut into pieces, all of it is written once and its line is ended", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.array(fc.nat()), (text, cuts) => {
      const reports = cuts.map((cut) => text.slice(0, cut % (text.length + 1)));
      const shown = printableText(text);
      // What ends with half a character or half an end of line waits for more, which doesn't come.
      const whole = /[\ud800-\udbff\r]$/.test(text) ? printableText(text.slice(0, -1)) : shown;
      expect(writtenBy(reports, text)).toBe(whole === "" || whole.endsWith("\n") ? whole : `${whole}\n`);
    }),
  );
});

test("[terminal:agent] growing text: where earlier words changed, all of it comes again on a line of its own", () => {
  expect(writtenBy(["one tw", "two"], "two three")).toBe("one tw\ntwo three\n");
  expect(writtenBy([], "")).toBe("");
  expect(writtenBy(["one\n", "one"], "one\n")).toBe("one\n");
});

test("[terminal:agent] said so far: both revisions of the protocol give the same words", () => {
  const message = { role: "assistant", content: [{ type: "text", text: "one two" }] };
  expect(saidSoFar("x", { message, deltaText: " two" })).toBe("one two");
  expect(saidSoFar("one", { deltaText: " two" })).toBe("one two");
  expect(saidSoFar("one", { deltaText: "two", replace: true })).toBe("two");
});
