import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { keptPort } from "../../../tests/support/ports.ts";
import { CANARY, Sandbox } from "../../../tests/support/sandbox.ts";
import { startOnTerminal } from "../../../tests/support/terminal.ts";
import { startTelegram } from "../../../tooling/emulators/src/telegram/control.ts";
import { ConversationWorld } from "./conversation-world.ts";

// Each test runs several processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const TOKEN_FORM = `12345:${CANARY}`;

/** A machine without a running gateway, whose configuration people wrote, and Telegram beside it. */
async function createMachine() {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await Sandbox.create());
  const telegram = stack.use(await startTelegram());
  const bot = telegram.world.addBot({ username: "helper_bot" });
  await sandbox.write(
    "saltgate.json",
    `{\n  // mine\n  gateway: { auth: { token: "${"t".repeat(32)}" } },\n  channels: { telegram: { apiRoot: "${telegram.url}" } }, // Telegram\n}\n`,
  );
  const held = stack.move();
  return { sandbox, telegram, bot, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

test("[terminal:channels-add] [terminal:channels-remove] [terminal:channels] channels: an account is added and removed without a gateway, and comments stay", async () => {
  await using machine = await createMachine();
  const { bot, sandbox } = machine;
  const before = await sandbox.read("saltgate.json");
  expect((await sandbox.run(["channels", "list"])).stdout).toContain("saltgate channels add telegram");
  const added = await sandbox.run(["channels", "add", "telegram"], { input: `${bot.token}\n` });
  expect(added).toMatchObject({ exit: 0, stderr: "" });
  expect(added.stdout).toContain("@helper_bot");
  expect(added.stdout).toContain("saltgate gateway");
  expect(added.stdout).not.toContain(bot.token.slice(-20));
  expect(await sandbox.read("saltgate.json")).toBe(
    before.replace('" } }, // T', `", botToken: "${bot.token}" } }, // T`),
  );
  expect(await sandbox.list()).toContain("saltgate.json 600");
  const listed = await sandbox.run(["channels", "list", "--json"]);
  expect(listed.json()).toMatchObject({
    accounts: [{ channel: "telegram", accountId: "default", tokenSource: "config" }],
  });
  const removed = await sandbox.run(["channels", "remove", "telegram"]);
  expect(removed).toMatchObject({ exit: 0, stderr: "" });
  expect(await sandbox.read("saltgate.json")).toBe(before);
  const again = await sandbox.run(["channels", "remove", "telegram"], {
    env: { ...sandbox.env, TELEGRAM_BOT_TOKEN: bot.token },
  });
  expect(again).toMatchObject({ exit: 1, stdout: "" });
  expect(again.stderr).toContain("unset TELEGRAM_BOT_TOKEN");
});

test("[terminal:channels-add] channels: a second account has a token of its own, and may have it in a file", async () => {
  await using machine = await createMachine();
  const { bot, sandbox, telegram } = machine;
  await sandbox.run(["channels", "add", "telegram"], { input: bot.token });
  const twice = await sandbox.run(["channels", "add", "telegram", "--account", "work"], { input: bot.token });
  expect(twice).toMatchObject({ exit: 2, stdout: "" });
  expect(twice.stderr).toContain('the same bot token as the account "default"');
  const other = telegram.world.addBot({ username: "work_bot" });
  const file = join(sandbox.home, "token");
  await writeFile(file, `${other.token}\n`, { mode: 0o600 });
  const words = [
    "channels",
    "add",
    "telegram",
    "--account",
    "Work",
    "--name",
    "At work",
    "--token-file",
    "token",
    "--json",
  ];
  const added = await sandbox.run(words);
  expect(added.json()).toMatchObject({ channel: "telegram", accountId: "work", bot: "@work_bot", running: false });
  expect(await sandbox.read("saltgate.json")).not.toContain(other.token);
  const listed = (await sandbox.run(["channels", "list", "--json"])).json<{ accounts: object[] }>();
  expect(listed.accounts).toMatchObject([
    { accountId: "default", tokenSource: "config" },
    { accountId: "work", tokenSource: "tokenFile" },
  ]);
});

test("[terminal:channel-token] channels: a token on the command line is refused, and none is ever shown", async () => {
  await using machine = await createMachine();
  const { sandbox } = machine;
  const before = await sandbox.read("saltgate.json");
  const answers = [
    await sandbox.run(["channels", "add", "telegram", "--token", TOKEN_FORM]),
    await sandbox.run(["channels", "add", "telegram"], { input: TOKEN_FORM }), // Telegram knows no such bot
    await sandbox.run(["channels", "add", "telegram", "--json"], { input: `nonsense-${CANARY}` }),
    await sandbox.run(["channels", "add", "telegram"], { input: "" }),
  ];
  expect(answers.map(({ exit }) => exit)).toEqual([2, 1, 2, 2]);
  for (const { stderr, stdout } of answers) expect(stdout + stderr).not.toContain(CANARY);
  expect(answers[0]?.stderr).toContain("nothing was written");
  expect(answers[1]?.stderr).toContain("--no-probe");
  expect(await sandbox.read("saltgate.json")).toBe(before);
  const unchecked = await sandbox.run(["channels", "add", "telegram", "--no-probe"], { input: TOKEN_FORM });
  expect(unchecked).toMatchObject({ exit: 0 });
  expect(unchecked.stdout).not.toContain(CANARY);
});

test("[terminal:channel-token] channels: on a terminal the token is asked for, and what is typed isn't shown", async () => {
  await using machine = await createMachine();
  const { bot, sandbox } = machine;
  await using child = startOnTerminal(sandbox, ["channels", "add", "telegram"]);
  await child.until("the question", ({ stdout }) => (stdout.includes("Token of the Telegram bot") ? true : undefined));
  child.write(`${bot.token}\r`);
  expect(await child.ended()).toEqual({ code: 0, signal: null });
  expect(child.stdout).not.toContain(bot.token.slice(-20));
  expect(child.stdout).toContain("@helper_bot");
});

test.each([
  [["add", "nonesuch"], {}, 1, 'no channel "nonesuch"'],
  [["add", "telegram", "--account", "a/b"], {}, 2, "account's name"],
  [["add", "telegram"], { gateway: { mode: "remote", remote: { url: "ws://127.0.0.1:1" } } }, 1, "on another machine"],
  [["remove", "telegram"], {}, 1, "saltgate channels list"],
])("[terminal:channels-add] channels: %j on %j ends with %i", async (words, config, exit, message) => {
  await using sandbox = await Sandbox.create();
  await sandbox.configure(config);
  const answer = await sandbox.run(["channels", ...words], { input: TOKEN_FORM });
  expect(answer).toMatchObject({ exit, stdout: "" });
  expect(answer.stderr).toContain(message);
});

test("[terminal:channels-add] channels: without a configuration nothing is asked, and it says how to make one", async () => {
  await using sandbox = await Sandbox.create();
  const answer = await sandbox.run(["channels", "add", "telegram"], { input: TOKEN_FORM });
  expect(answer).toMatchObject({ exit: 78, stdout: "" });
  expect(answer.stderr).toContain("saltgate setup");
});

test("[terminal:channels] [terminal:channels-add] [terminal:channels-remove] channels: a running gateway takes an account up, shows it, and stops it", async () => {
  await using world = await ConversationWorld.start({ port: await keptPort() });
  const { bot } = world.telegram;
  expect((await world.run(["channels", "status"])).stdout).toContain("saltgate channels add telegram");
  const hinted = await world.run(["channels", "add", "telegram"], { input: bot.token });
  expect(hinted.stdout).toContain(`kill -USR1 ${world.gateway.pid}`);
  const added = await world.run(["channels", "add", "telegram", "--restart", "--json"], { input: bot.token });
  expect(added.json()).toMatchObject({
    restarted: true,
    bot: "@helper_bot",
    account: { accountId: "default", running: true },
  });
  const status = await world.run(["channels", "status", "telegram", "--probe"]);
  expect(status.stdout.split("\n")[1]).toMatch(/^Telegram +default +\w+ .*config +pairing +@helper_bot \(\d+ ms\)$/);
  const json = await world.run(["channels", "status", "--json"]);
  expect(json.stdout).not.toContain(bot.token);
  expect(json.json()).toMatchObject({
    channelAccounts: { telegram: [{ accountId: "default", tokenSource: "config" }] },
  });
  const removed = await world.run(["channels", "remove", "telegram", "--json"]);
  expect(removed.json()).toMatchObject({ stopped: true, environmentToken: false });
  expect((await world.run(["channels", "status"])).stdout).toMatch(/^Telegram +default +stopped/m);
  expect(await world.sandbox.read("saltgate.json")).not.toContain(bot.token);
});

const LOGOUT = ["gateway", "call", "channels.logout", "--params", "{ channel: 'telegram' }"];

test("[terminal:logout] channels: logging out takes the token out of the configuration, and leaves the rest of it", async () => {
  await using world = await ConversationWorld.start({ telegram: true });
  const { token } = world.telegram.bot;
  expect((await world.run(LOGOUT)).json()).toEqual({
    channel: "telegram",
    accountId: "default",
    cleared: true,
    loggedOut: true,
  });
  const text = await world.sandbox.read("saltgate.json");
  expect(text).not.toContain(token);
  expect(text).toContain("apiRoot");
  expect((await world.run(LOGOUT)).json()).toMatchObject({ cleared: false });
});

test("[terminal:logout] channels: logging out tells of a token in the environment, which no file can forget", async () => {
  await using world = await ConversationWorld.start({ environmentToken: true });
  const { note, ...answer } = (await world.run(LOGOUT)).json();
  expect(answer).toMatchObject({ cleared: false });
  expect(note).toContain("TELEGRAM_BOT_TOKEN");
  expect(note).not.toContain(world.telegram.bot.token);
  expect((await world.run(["channels", "status"])).stdout).toMatch(/^Telegram +default +stopped/m);
});
