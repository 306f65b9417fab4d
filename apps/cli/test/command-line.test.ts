import { describe, expect, test } from "vitest";
import { FROM_SOURCE, INSTALLED, Sandbox } from "../../../tests/support/sandbox.ts";
import { COMMANDS } from "../src/commands.ts";
import { VERSION } from "../src/version.ts";

const NOBODY = "ws://127.0.0.1:1";

describe("command line", () => {
  test("[cli:version] cli: --version and -v say the version, anywhere among the words of no command", async () => {
    await using sandbox = await Sandbox.create();
    for (const words of [["--version"], ["-v"], ["--json", "--version"]]) {
      expect(await sandbox.run(words, { node: FROM_SOURCE })).toMatchObject({
        exit: 0,
        stdout: `${VERSION}\n`,
        stderr: "",
      });
    }
    const installed = await sandbox.run(["--version"], { node: INSTALLED });
    expect(installed.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("[cli:help] cli: without words, with --help and with -h it says which commands there are", async () => {
    await using sandbox = await Sandbox.create();
    for (const words of [[], ["--help"], ["-h"]]) {
      const { exit, stdout, stderr } = await sandbox.run(words);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
      for (const name of Object.keys(COMMANDS)) expect(stdout).toContain(`  ${name}`);
    }
  });

  test.each(Object.entries(COMMANDS))(
    "[cli:help] cli: %s --help says what it is for, how it is called and all of its options",
    async (name, spec) => {
      await using sandbox = await Sandbox.create();
      const { exit, stdout, stderr } = await sandbox.run([...name.split(" "), "--help"]);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
      expect(stdout).toContain(`${spec.summary}.`);
      expect(stdout).toContain(`Usage: saltgate ${[name, ...(spec.positionals ?? [])].join(" ")}`);
      for (const option of Object.keys(spec.options ?? {})) expect(stdout).toContain(`--${option}`);
      if (spec.raw === true) {
        for (const flag of [
          "--port",
          "--bind",
          "--token",
          "--password",
          "--verbose",
          "--force",
          "--allow-unconfigured",
        ])
          expect(stdout).toContain(flag);
      } else {
        for (const option of ["--url", "--token", "--password", "--profile", "--dev", "--json", "--tls-fingerprint"])
          expect(stdout).toContain(option);
      }
      expect(await sandbox.list()).toEqual([]);
    },
  );

  test("[cli:help] cli: a group alone shows its commands and is a usage error, with --help it is none", async () => {
    await using sandbox = await Sandbox.create();
    const alone = await sandbox.run(["devices"]);
    expect(alone).toMatchObject({ exit: 2, stdout: "" });
    expect(alone.stderr).toContain("devices approve <request>");
    expect(await sandbox.run(["devices", "--help"])).toMatchObject({ exit: 0, stderr: "" });
  });

  test.each([
    [["statsu"], 'there is no command "statsu"', "Did you mean: saltgate status"],
    [["device", "list"], 'there is no command "device list"', "Did you mean: saltgate devices list"],
    [["devices", "aprove", "x"], 'there is no command "devices aprove x"', "Did you mean: saltgate devices approve"],
    [["quite-another-thing"], 'there is no command "quite-another-thing"', "See: saltgate --help"],
    [["status", "--tokn", "x"], "unknown option --tokn", "See: saltgate status --help"],
    [["status", "--url"], "--url needs <ws-url>", "See: saltgate status --help"],
    [["status", "--json=yes"], "--json takes no value", "See: saltgate status --help"],
    [["status", "too", "many"], '"too" is one word too many', "See: saltgate status --help"],
    [["devices", "approve"], "<request> is missing", "See: saltgate devices approve --help"],
    [
      ["devices", "rotate", "x", "--role", "king"],
      "--role is one of operator, node",
      "See: saltgate devices rotate --help",
    ],
    [["status", "--timeout", "soon"], '--timeout is a number of milliseconds, not "soon"', undefined],
    [["status", "--profile", "../x"], '--profile: "../x" can\'t be a profile', "See: saltgate --help"],
    [["status", "--url", "ftp://x"], "--url must be", "See: saltgate --help"],
    [["gateway", "call", "helth"], 'the protocol has no method "helth"', "Did you mean: saltgate gateway call health"],
    [["gateway", "call", "health", "--params", "{"], "--params is not JSON", "See: saltgate gateway call --help"],
    [["completion", "csh"], 'no completion for "csh"', "See: saltgate completion --help"],
    [["setup", "--yes", "--port", "70000"], "a port is a whole number from 1 to 65535", undefined],
  ] as const)(
    "[cli:usage] [cli:json-errors] cli: %j is refused with 2, and says what and how",
    async (words, message, mend) => {
      await using sandbox = await Sandbox.create();
      const people = await sandbox.run(words);
      expect({ exit: people.exit, stdout: people.stdout }).toEqual({ exit: 2, stdout: "" });
      expect(people.stderr.toLowerCase()).toContain(message.toLowerCase());
      if (mend !== undefined) expect(people.stderr).toContain(mend);
      expect(people.stderr).not.toMatch(/^\s+at /m);
      if (words.some((word) => word.startsWith("--json"))) return;
      const programs = await sandbox.run(["--json", ...words]);
      expect({ exit: programs.exit, stderr: programs.stderr }).toEqual({ exit: 2, stderr: "" });
      const { ok, error } = programs.json<{ ok: boolean; error: { code: string; message: string; mend?: string } }>();
      expect(ok).toBe(false);
      expect(error.code).toMatch(/^[A-Z_]+$/);
      expect(error.message).toContain(message);
      if (mend !== undefined) expect(error.mend).toBe(mend);
      expect(await sandbox.list()).toEqual([]);
    },
  );

  test("[cli:usage] cli: an option that takes a value never swallows the name of a command that follows it in vain", async () => {
    await using sandbox = await Sandbox.create();
    expect(await sandbox.run(["--url", NOBODY, "status"])).toMatchObject({ exit: 3 });
    expect(await sandbox.run(["--url"])).toMatchObject({ exit: 2 });
  });

  test("[cli:global-options] cli: global options mean the same before, between and after the names of a command", async () => {
    await using sandbox = await Sandbox.create();
    const given = ["--url", NOBODY, "--json", "--timeout=2000"];
    const answers = await Promise.all([
      sandbox.run([...given, "devices", "list"]),
      sandbox.run(["devices", ...given, "list"]),
      sandbox.run(["devices", "list", ...given]),
    ]);
    for (const answer of answers) {
      expect(answer.exit).toBe(3);
      expect(answer.json()).toMatchObject({ ok: false, error: { code: "UNREACHABLE" } });
    }
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
  });

  test.each([
    ["status"],
    ["health"],
    ["devices list"],
    ["devices approve abcd"],
    ["gateway call health"],
    ["gateway probe"],
  ])("[cli:unreachable] cli: %s ends with 3 when nobody answers, and says how to start a gateway", async (words) => {
    await using sandbox = await Sandbox.create();
    const { exit, stdout, stderr } = await sandbox.run([...words.split(" "), "--url", NOBODY]);
    expect(exit).toBe(3);
    expect(`${stdout}${stderr}`).toMatch(/no gateway answers at ws:\/\/127\.0\.0\.1:1/i);
    if (words !== "gateway probe") expect(`${stdout}${stderr}`).toContain("saltgate gateway");
    expect(`${stdout}${stderr}`).not.toMatch(/^\s+at /m);
  });

  test("[cli:insecure-url] [R-09] cli: plain text beyond private addresses is refused before anything is sent", async () => {
    await using sandbox = await Sandbox.create();
    const { exit, stderr } = await sandbox.run(["health", "--url", "ws://192.0.2.1:18789", "--token", "not-sent"]);
    expect(exit).toBe(2);
    expect(stderr).toContain("wss://");
    expect(stderr).not.toContain("not-sent");
  });
});
