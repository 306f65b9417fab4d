import { expect, test } from "vitest";
import { decodeConfig } from "../src/index.ts";

const decode = (channels: unknown, rest: object = {}) =>
  decodeConfig(JSON.stringify({ channels, ...rest }), { fileName: "saltgate.json", env: {} });

async function problems(telegram: unknown, rest: object = {}): Promise<string[]> {
  const decoded = await decode({ telegram }, rest);
  return decoded.ok ? [] : decoded.problems.map(({ message }) => message);
}

test("[telegram:config] config: a documented section is taken as it is, and nothing is filled into an account", async () => {
  const telegram = {
    botToken: "1:a",
    dmPolicy: "pairing",
    allowFrom: [123, "tg:456"],
    groups: {
      "*": { requireMention: true },
      "-1001": { topics: { "7": { enabled: false } }, tools: { deny: ["exec"] } },
    },
    streamMode: "block",
    accounts: { work: { botToken: "2:b" } },
  };
  const decoded = await decode({ defaults: { groupPolicy: "disabled" }, telegram });
  expect(decoded).toMatchObject({ ok: true, warnings: [], config: { channels: { telegram } } });
  expect(decoded.ok && decoded.config.channels.telegram.accounts["work"]).toEqual({ botToken: "2:b" });
});

test.each([
  [{ dmPolicy: "anybody" }, /"channels\.telegram\.dmPolicy" must be "pairing"/],
  [{ botTokn: "x" }, /unknown key "channels\.telegram\.botTokn"\. Did you mean "channels\.telegram\.botToken"/],
  [{ groups: { "-1": { requireMentions: true } } }, /unknown key "channels\.telegram\.groups\.-1\.requireMentions"/],
  [{ accounts: { work: { dmPolice: "open" } } }, /unknown key "channels\.telegram\.accounts\.work\.dmPolice"/],
  [{ apiRoot: "https://user:pass@host" }, /"channels\.telegram\.apiRoot" must be/],
  [{ textChunkLimit: 5000 }, /from 100 to 4096/],
  [{ webhookSecret: "short" }, /"channels\.telegram\.webhookSecret" must be a secret of 16/],
])("[telegram:config] config: %j is refused in words that mend it", async (telegram, message) => {
  expect((await problems(telegram)).join("\n")).toMatch(message);
});

test("[telegram:config] config: a wrong value beside a token is never repeated", async () => {
  expect(
    (await problems({ dmPolicy: "123:secret", accounts: { a: { name: 7, botToken: 9 } } })).join("\n"),
  ).not.toMatch(/123:secret|not 7|not 9/);
});

test("[telegram:config-open] config: open without everybody in the list is an error, in an account too", async () => {
  const everybody = { dmPolicy: "open", allowFrom: ["*"] };
  expect(await problems(everybody)).toEqual([]);
  expect((await problems({ dmPolicy: "open", allowFrom: ["1"] })).join()).toContain('so "allowFrom" must contain "*"');
  expect(await problems({ ...everybody, accounts: { work: { name: "Work" } } })).toEqual([]);
  const narrowed = await problems({ ...everybody, accounts: { work: { allowFrom: ["1"] } } });
  expect(narrowed.join()).toContain('"channels.telegram.dmPolicy" is "open"');
  const widened = await problems({ accounts: { work: { dmPolicy: "open" } } });
  expect(widened.join()).toContain('"channels.telegram.accounts.work.dmPolicy" is "open"');
});

test("[telegram:config] config: a webhook needs a secret, and one of its own", async () => {
  const webhookUrl = "https://gateway.example/telegram-webhook";
  expect((await problems({ webhookUrl })).join()).toContain('needs "webhookSecret"');
  const webhookSecret = "0123456789abcdef";
  expect(await problems({ webhookUrl, webhookSecret })).toEqual([]);
  expect(
    (await problems({ webhookUrl, webhookSecret }, { gateway: { auth: { token: webhookSecret } } })).join(),
  ).toContain("rule R-47");
});

test("[telegram:config] config: groups in which nobody may write are warned of", async () => {
  const warned = async (telegram: object) => (await decode({ telegram })).warnings.map(({ message }) => message).join();
  expect(await warned({ groups: { "-1": {} } })).toContain("nobody may write in them");
  expect(await warned({ groups: { "-1": {} }, groupAllowFrom: ["1"] })).toBe("");
  expect(await warned({ groups: { "-1": { allowFrom: ["1"] } } })).toBe("");
  expect(await warned({ groups: { "-1": {} }, groupPolicy: "open" })).toBe("");
});
