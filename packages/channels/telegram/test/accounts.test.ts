import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ChannelRig } from "../../../../tooling/emulators/src/suite/channel-rig.ts";
import { adapter } from "../src/index.ts";
import type { TelegramSettings } from "../src/settings.ts";

const tokenOf = (n: number) => `${n}:${"t".repeat(24)}${n}`;
const accounts = (section: unknown, env: Record<string, string> = {}) => adapter.accounts(section, env);
const credentials = (section: unknown, env: Record<string, string> = {}) =>
  accounts(section, env).map(({ id, settings, describe }) => [
    id,
    (settings as TelegramSettings).credential,
    describe["tokenSource"],
  ]);

test("[telegram:accounts] accounts: without any there is one, and it says that it has no token", () => {
  for (const section of [undefined, null, {}, { accounts: {} }, { botToken: "" }]) {
    expect(accounts(section)).toMatchObject([{ id: "default", enabled: true }]);
    expect(accounts(section)[0]?.notConfigured).toContain("no bot token");
  }
});

test("[telegram:accounts] accounts: a token comes from the nearest place, and a file is stronger than a key", () => {
  const env = { TELEGRAM_BOT_TOKEN: tokenOf(9) };
  expect(credentials(undefined, env)).toEqual([["default", { token: tokenOf(9) }, "env"]]);
  expect(credentials({ botToken: tokenOf(1) }, env)).toEqual([["default", { token: tokenOf(1) }, "config"]]);
  expect(credentials({ botToken: tokenOf(1), tokenFile: "/t" }, env)).toEqual([
    ["default", { tokenFile: "/t" }, "tokenFile"],
  ]);
  const own = { work: { botToken: tokenOf(2) }, home: { tokenFile: "/home" }, other: {} };
  expect(credentials({ tokenFile: "/base", accounts: own }, env)).toEqual([
    ["home", { tokenFile: "/home" }, "tokenFile"],
    ["other", { tokenFile: "/base" }, "tokenFile"],
    ["work", { token: tokenOf(2) }, "config"],
  ]);
  // The environment speaks for the default account alone.
  expect(credentials({ accounts: { work: {} } }, env)).toEqual([["work", undefined, "none"]]);
});

test("[telegram:accounts] accounts: the default one is first, ids are normalised, and an account's own keys are stronger", () => {
  const section = {
    name: "Base",
    dmPolicy: "allowlist",
    allowFrom: [1, "2"],
    groups: { "-5": { requireMention: false, topics: { "7": { enabled: false } } } },
    accounts: {
      "My Work!": { botToken: tokenOf(1), dmPolicy: "disabled", name: "Work" },
      DEFAULT: { botToken: tokenOf(2) },
      off: { botToken: tokenOf(3), enabled: false },
    },
  };
  expect(accounts(section)).toMatchObject([
    {
      id: "default",
      name: "Base",
      enabled: true,
      notConfigured: undefined,
      policy: { dmPolicy: "allowlist", allowFrom: ["1", "2"] },
    },
    { id: "my-work-", name: "Work", policy: { dmPolicy: "disabled", allowFrom: ["1", "2"] } },
    { id: "off", enabled: false },
  ]);
  expect(accounts(section)[1]?.policy.groups).toEqual({
    "-5": { requireMention: false, topics: { "7": { enabled: false } } },
  });
});

test("[telegram:accounts] accounts: what isn't set has the safer default, and what isn't understood too", () => {
  const policy = (section: object) => accounts(section)[0]?.policy;
  const safe = {
    dmPolicy: "pairing",
    allowFrom: [],
    groupPolicy: "allowlist",
    groupAllowFrom: undefined,
    groups: {},
    dangerouslyMatchNames: false,
    allowBots: false,
  };
  expect(policy({})).toMatchObject(safe);
  expect(
    policy({ dmPolicy: "everyone", groupPolicy: 7, allowFrom: "1", groups: [], dangerouslyMatchNames: "yes" }),
  ).toMatchObject(safe);
  expect(policy({ mediaMaxMb: 2, streamMode: "off", markdown: { tables: "off" } })).toMatchObject({
    maxMediaBytes: 2_097_152,
    streaming: "off",
    markdownTables: "off",
  });
});

test("[telegram:one-bot-each] accounts: two with one bot can't both run", () => {
  const both = { one: { botToken: tokenOf(1) }, two: { botToken: tokenOf(1) } };
  expect(accounts({ accounts: both }).map(({ notConfigured }) => notConfigured)).toEqual([
    undefined,
    'it has the same bot token as the account "one"; give each account a bot of its own',
  ]);
  const oneOff = { one: { botToken: tokenOf(1), enabled: false }, two: { botToken: tokenOf(1) } };
  expect(accounts({ accounts: oneOff })[1]?.notConfigured).toBeUndefined();
});

test("[telegram:one-bot-each] [R-43] accounts: two with one webhook can't both run, as what comes for the one would be taken for the other's", () => {
  const secret = { webhookSecret: "s3cret-0123456789" };
  const two = (section: object, one: object, other: object) =>
    accounts({
      ...secret,
      ...section,
      accounts: { one: { botToken: tokenOf(1), ...one }, two: { botToken: tokenOf(2), ...other } },
    }).map(({ notConfigured }) => notConfigured);
  const url = (path: string) => ({ webhookUrl: `https://g.example${path}`, webhookPath: path });
  const refused = (key: string) => [
    undefined,
    `it has the same ${key} as the account "one"; give each account one of its own`,
  ];
  expect(two(url("/a"), {}, {})).toEqual(refused("webhookPath"));
  expect(two({}, { webhookUrl: "https://g.example/a" }, { webhookUrl: "https://g.example/b" })).toEqual(
    refused("webhookPath"),
  );
  expect(two({ webhookUrl: "https://g.example/a" }, { webhookPath: "/a" }, { webhookPath: "/b" })).toEqual(
    refused("webhookUrl"),
  );
  expect(two({}, url("/a"), url("/b"))).toEqual([undefined, undefined]);
  expect(two({}, { ...url("/a"), enabled: false }, url("/a"))).toEqual([undefined, undefined]);
  expect(two({}, {}, url("/a"))).toEqual([undefined, undefined]);
});

test("[telegram:accounts] accounts: a fingerprint changes with what has to be opened afresh, and with nothing else", () => {
  const fingerprint = (section: object) => accounts({ botToken: tokenOf(1), ...section })[0]?.fingerprint;
  expect(fingerprint({})).toBe(fingerprint({ allowFrom: ["1"], name: "x", historyLimit: 3 }));
  for (const change of [{ botToken: tokenOf(2) }, { apiRoot: "https://x.example" }, { linkPreview: false }]) {
    expect(fingerprint(change)).not.toBe(fingerprint({}));
  }
  expect(fingerprint({})).toMatch(/^[0-9a-f]{64}$/);
});

test("[telegram:no-secrets] accounts: what may be shown has no secret, nor the path of a webhook", () => {
  const section = {
    botToken: tokenOf(1),
    webhookUrl: "https://g.example/s3cret-path",
    webhookSecret: "s3cret-0123456789",
  };
  const { settings: _own, ...shown } = accounts(section)[0]!;
  expect(JSON.stringify(shown)).not.toMatch(/s3cret|tttt/);
  expect(shown.webhookPath).toBe("/telegram-webhook");
  expect(shown.secrets?.()).toEqual(["1:tttttttttttttttttttttttt1", "s3cret-0123456789"]);
  expect(shown.describe).toEqual({
    tokenSource: "config",
    mode: "webhook",
    botId: "1",
    webhookOrigin: "https://g.example",
  });
});

test("[telegram:accounts] accounts: what is no token, and a webhook without a secret, can't start", () => {
  expect(accounts({ botToken: "nonsense" })[0]?.notConfigured).toContain("isn't one");
  expect(accounts({ botToken: "nonsense" })[0]?.notConfigured).not.toContain("nonsense");
  expect(accounts({ botToken: tokenOf(1), webhookUrl: "https://x.example" })[0]?.notConfigured).toContain(
    "webhookSecret",
  );
});

test("[telegram:accounts] accounts: a token file is read when it is needed, and one that can't be is never passed over", async () => {
  const folder = await mkdtemp(join(tmpdir(), "telegram-"));
  try {
    const tokenFile = join(folder, "token");
    const section = { tokenFile, botToken: tokenOf(1) };
    await expect(ChannelRig.open({ adapter, section })).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("ENOENT"),
    });
    await writeFile(tokenFile, "no token at all\n");
    const refused = ChannelRig.open({ adapter, section });
    await expect(refused).rejects.toMatchObject({ kind: "config" });
    await expect(refused).rejects.not.toThrow(/no token at all/);
    await writeFile(tokenFile, `${tokenOf(3)}\n`);
    await expect(ChannelRig.open({ adapter, section })).resolves.toBeDefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
