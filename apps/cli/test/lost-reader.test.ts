import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { Sandbox } from "../../../tests/support/sandbox.ts";

/** Runs a command with its output led elsewhere; tells on standard error what it said there, and how it ended. */
const led = (where: string): readonly string[] => ["sh", "-c", `{ "$@"; echo "ended with $?" >&2; } ${where}`, "sh"];

test("[cli:lost-reader] cli: a reader that doesn't read to the end is no failure, and nothing is said about it", async () => {
  await using sandbox = await Sandbox.create();
  for (const words of [["--help"], ["channels", "list"], ["pairing", "list", "telegram", "--json"]]) {
    // The reader is gone before the command has begun.
    const { stderr } = await sandbox.run(words, { launcher: led("| :") });
    expect(stderr).toBe("ended with 0\n");
  }
});

test.skipIf(!existsSync("/dev/full"))(
  "[cli:lost-reader] cli: what can't be written for want of room is a failure that says so",
  async () => {
    await using sandbox = await Sandbox.create();
    const { stderr } = await sandbox.run(["channels", "list"], { launcher: led("> /dev/full") });
    expect(stderr).toBe("What was to be said can't be written (ENOSPC).\nended with 1\n");
  },
);
