import { describe, expect, test } from "vitest";
import { Sandbox } from "../../../tests/support/sandbox.ts";

interface Waiting {
  readonly channel: string;
  readonly requests: readonly { id: string; code: string; createdAt: string; meta?: Record<string, string> }[];
}

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const request = (id: string, code: string, minutes: number, meta?: Record<string, string>) => ({
  id,
  code,
  createdAt: minutesAgo(minutes),
  lastSeenAt: minutesAgo(minutes),
  ...(meta && { meta }),
});

/** A state folder in which people wait, as a channel writes it. */
async function createWorld(requests: readonly object[], stem = "telegram"): Promise<Sandbox> {
  const sandbox = await Sandbox.create();
  await sandbox.write(`credentials/${stem}-pairing.json`, JSON.stringify({ version: 1, requests }));
  return sandbox;
}

describe("pairing", () => {
  test("[cli:pairing] pairing: who waits is listed, and one command lets them in, without a gateway", async () => {
    await using sandbox = await createWorld([
      request("778", "ABCD2346", 5, { username: "sam" }),
      request("777", "ABCD2345", 9, { username: "mina", firstName: "Mina" }),
      request("779", "ABCD2347", 61),
    ]);
    const list = await sandbox.run(["pairing", "list", "telegram"]);
    expect(list).toMatchObject({ exit: 0, stderr: "" });
    const lines = list.stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^Code +telegramUserId +Meta +Requested$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ["ABCD2345", "777", '{"username":"mina","firstName":"Mina"}'],
      ["ABCD2346", "778", '{"username":"sam"}'],
    ]);
    const json = (await sandbox.run(["pairing", "list", "--channel", "Telegram", "--json"])).json<Waiting>();
    expect(json).toMatchObject({ channel: "telegram", requests: [{ id: "777", code: "ABCD2345" }, { id: "778" }] });
    expect(Object.keys(json)).toEqual(["channel", "requests"]);

    expect(await sandbox.run(["pairing", "approve", "telegram", "abcd2345"])).toMatchObject({
      exit: 0,
      stdout: "Approved telegram sender 777.\n",
    });
    expect(JSON.parse(await sandbox.read("credentials/telegram-allowFrom.json"))).toEqual({
      version: 1,
      allowFrom: ["777"],
    });
    const other = await sandbox.run(["pairing", "approve", "--channel", "telegram", "ABCD2346", "--json"]);
    expect(other.json()).toEqual({ channel: "telegram", id: "778", notified: false });
    expect(await sandbox.run(["pairing", "list", "telegram"])).toMatchObject({
      exit: 0,
      stdout: "No pending pairing requests for telegram.\n",
    });
    const files = (await sandbox.list()).filter((line) => line.startsWith("credentials"));
    expect(files).toEqual([
      "credentials/ 700",
      "credentials/telegram-allowFrom.json 600",
      "credentials/telegram-pairing.json 600",
    ]);
  });

  test("[cli:pairing] pairing: a code that was used, is over or never was is an error that names it", async () => {
    await using sandbox = await createWorld([request("777", "ABCD2345", 5), request("778", "ABCD2346", 61)]);
    expect(await sandbox.run(["pairing", "approve", "telegram", "ABCD2345"])).toMatchObject({ exit: 0 });
    for (const code of ["ABCD2345", "ABCD2346", "NONESUCH"]) {
      const answer = await sandbox.run(["pairing", "approve", "telegram", code]);
      expect(answer).toMatchObject({ exit: 1, stdout: "" });
      expect(answer.stderr).toContain(`"${code}"`);
      expect(answer.stderr).toContain("saltgate pairing list telegram");
    }
    const json = await sandbox.run(["pairing", "approve", "telegram", "NONESUCH", "--json"]);
    expect(json.json()).toMatchObject({ ok: false, error: { code: "UNKNOWN_PAIRING_CODE" } });
  });

  test("[cli:pairing] [R-43] pairing: an account has its own people, and its codes are good nowhere else", async () => {
    await using sandbox = await createWorld([request("777", "ABCD2345", 5)], "telegram-work");
    const work = ["--account", "Work"];
    expect((await sandbox.run(["pairing", "list", "telegram"])).stdout).toContain("No pending");
    expect((await sandbox.run(["pairing", "list", "telegram", ...work])).stdout).toContain("ABCD2345");
    expect(await sandbox.run(["pairing", "approve", "telegram", "ABCD2345"])).toMatchObject({ exit: 1 });
    expect(await sandbox.run(["pairing", "approve", "telegram", "ABCD2345", ...work])).toMatchObject({ exit: 0 });
    expect(JSON.parse(await sandbox.read("credentials/telegram-work-allowFrom.json"))).toMatchObject({
      allowFrom: ["777"],
    });
    expect((await sandbox.list()).join()).not.toContain("credentials/telegram-allowFrom.json");
  });

  test("[cli:pairing] [terminal:approval-notice] pairing: without a gateway nobody is told, and --notify says so after the approval", async () => {
    await using sandbox = await createWorld([request("777", "ABCD2345", 5), request("778", "ABCD2346", 5)]);
    const asked = await sandbox.run(["pairing", "approve", "telegram", "ABCD2345", "--notify"]);
    expect(asked).toMatchObject({ exit: 0, stdout: "Approved telegram sender 777.\n" });
    expect(asked.stderr).toContain("They could not be told");
    const contradictory = await sandbox.run(["pairing", "approve", "telegram", "ABCD2346", "--notify", "--no-notify"]);
    expect(contradictory).toMatchObject({ exit: 2, stdout: "" });
    expect((await sandbox.run(["pairing", "list", "telegram"])).stdout).toContain("ABCD2346");
  });

  test.each([
    [["list"], "<channel> is missing"],
    [["list", "../etc"], '"../etc" is no channel\'s name'],
    [["list", "--channel", "9gag"], '"9gag" is no channel\'s name'],
    [["list", "telegram", "signal"], '"signal" is one word too many'],
    [["approve"], "<code> is missing"],
    [["approve", "ABCD2345"], "<channel> and <code> are both needed"],
    [["approve", "--channel", "telegram", "signal", "ABCD2345"], "too many arguments"],
  ])("[cli:pairing] pairing: %j is a usage error", async (words, message) => {
    await using sandbox = await Sandbox.create();
    const answer = await sandbox.run(["pairing", ...words]);
    expect(answer).toMatchObject({ exit: 2, stdout: "" });
    expect(answer.stderr.toLowerCase()).toContain(message.toLowerCase());
    expect(await sandbox.list()).toEqual([]);
  });

  test("[cli:pairing] pairing: --channel counts before the word", async () => {
    await using sandbox = await createWorld([request("+49171555", "ABCD2345", 5)], "signal");
    expect((await sandbox.run(["pairing", "list", "telegram", "--channel", "signal"])).stdout).toContain(
      "signalNumber",
    );
  });

  test("[cli:pairing] [R-57] pairing: a damaged file is an error and isn't overwritten", async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.write("credentials/telegram-pairing.json", '{"version":1,"requ');
    for (const words of [
      ["list", "telegram"],
      ["approve", "telegram", "ABCD2345"],
    ]) {
      const answer = await sandbox.run(["pairing", ...words]);
      expect(answer).toMatchObject({ exit: 1, stdout: "" });
      expect(answer.stderr).toContain("telegram-pairing.json");
    }
    expect(await sandbox.read("credentials/telegram-pairing.json")).toBe('{"version":1,"requ');
  });

  test("[cli:hostile-names] [R-49] pairing: what a sender calls itself changes nothing but its own cell", async () => {
    const name = "a\u001b[2J\u202egpj\nb\u2028c\u0000\u200b";
    await using sandbox = await createWorld(
      [request(`x${name}`, "ABCD2345", 5, { [name]: name }), request("777", `ABC${name}`, 4)],
      "matrix",
    );
    const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
    const list = await sandbox.run(["pairing", "list", "matrix"]);
    expect(list.stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(list.stdout).not.toMatch(obeyed);
    const json = await sandbox.run(["pairing", "list", "matrix", "--json"]);
    expect(json.stdout).not.toMatch(obeyed);
    expect(json.json<Waiting>().requests[0]?.meta).toEqual({ [name]: name });
    const approved = await sandbox.run(["pairing", "approve", "matrix", "ABCD2345"]);
    expect(approved.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(approved.stdout).not.toMatch(obeyed);
    const unknown = await sandbox.run(["pairing", "approve", "matrix", "\u001b[2J"]);
    expect(unknown.stderr).not.toMatch(obeyed);
  });
});
