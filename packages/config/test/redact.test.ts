import { expect, test } from "vitest";
import { decodeConfig, explainAll, redact, restoreRedacted, secretsOf } from "../src/index.ts";

const secretValues = {
  gateway: {
    port: 5,
    auth: { mode: "token", token: "s-token", password: "s-password" },
    remote: { url: "wss://x", token: "s-remote-token", password: "s-remote-password", tlsFingerprint: "ab" },
  },
  channels: {
    telegram: {
      botToken: "s-bot",
      allowFrom: ["1"],
      accounts: {
        "my.work": { botToken: "s-work", tokenFile: "/run/token", webhookSecret: "s-0123456789-0123456789" },
      },
    },
    slack: {
      accounts: [
        { id: "a", appToken: "s-app", signingSecret: "s-sign" },
        { id: "b", appToken: "s-app-b" },
      ],
    },
  },
  hooks: { token: "s-hook" },
  env: { vars: { ANYTHING: "s-env" } },
  models: {
    providers: {
      "x.y": {
        baseUrl: "https://x",
        apiKey: "s-api",
        headers: { "X-Auth": "s-header" },
        models: [{ id: "m", maxTokens: 4096 }],
      },
    },
  },
};

const all = [
  "s-token",
  "s-password",
  "s-remote-token",
  "s-remote-password",
  "s-bot",
  "s-work",
  "s-0123456789-0123456789",
  "s-app",
  "s-sign",
  "s-app-b",
  "s-hook",
  "s-env",
  "s-api",
  "s-header",
].toSorted();

test("[config:redaction] redaction: no secret is left, and everything else is", () => {
  const shown = redact(secretValues);
  expect(JSON.stringify(shown)).not.toMatch(/"s-/);
  expect(shown.gateway.auth).toEqual({
    mode: "token",
    token: "__SALTGATE_REDACTED__",
    password: "__SALTGATE_REDACTED__",
  });
  expect(shown.gateway.remote).toMatchObject({ url: "wss://x", tlsFingerprint: "ab" });
  expect(shown.channels.telegram.allowFrom).toEqual(["1"]);
  expect(shown.models.providers["x.y"].models).toEqual([{ id: "m", maxTokens: 4096 }]);
  expect(secretValues.gateway.auth.token).toBe("s-token");
});

test("[config:redaction] redaction: every key that the schema calls a secret is redacted and told to the log", () => {
  const sensitive = explainAll().filter((key) => key.sensitive);
  expect(sensitive.map(({ path }) => path)).toEqual([
    "gateway.auth.token",
    "gateway.auth.password",
    "gateway.remote.token",
    "gateway.remote.password",
    "channels.telegram.botToken",
    "channels.telegram.webhookSecret",
    "channels.telegram.accounts.<id>.botToken",
    "channels.telegram.accounts.<id>.webhookSecret",
    "models.providers.<id>.apiKey",
    "models.providers.<id>.headers",
  ]);
  for (const { path } of sensitive) {
    const config = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), "s-value");
    expect(JSON.stringify(redact(config))).not.toContain("s-value");
    expect(secretsOf(config)).toEqual(["s-value"]);
  }
});

test("[config:redaction] redaction: whatever lies under a secret's key is redacted, also where it doesn't belong", () => {
  expect(JSON.stringify(redact({ gateway: { auth: { token: { nested: ["s-odd", 7] } } } }))).not.toMatch(/s-odd|7/);
});

test("redaction: what a log must never show is every secret, each once", () => {
  expect(secretsOf({ ...secretValues, hooks: { token: "s-hook", again: { secret: "s-hook" } } }).toSorted()).toEqual(
    all,
  );
});

test("[config:restore] redaction: what was shown and comes back has its secrets again", () => {
  expect(restoreRedacted(redact(secretValues), secretValues)).toEqual(secretValues);
});

test("[config:restore] redaction: the other brand's placeholder is understood, and changed values stay changed", () => {
  const edited = { gateway: { port: 6, auth: { token: "__OPENCLAW_REDACTED__", password: "new" } } };
  expect(restoreRedacted(edited, secretValues)).toEqual({
    gateway: { port: 6, auth: { token: "s-token", password: "new" } },
  });
});

test("[config:restore] redaction: items with ids keep their own secrets when their order changes", () => {
  const shown = redact(secretValues);
  shown.channels.slack.accounts.reverse();
  const { accounts } = restoreRedacted(shown, secretValues).channels.slack;
  expect(accounts.map(({ appToken }) => appToken)).toEqual(["s-app-b", "s-app"]);
});

test("[config:restore] redaction: a placeholder without an earlier secret is an error that names the key", () => {
  const edited = { gateway: { auth: { token: "__SALTGATE_REDACTED__" } } };
  expect(() => restoreRedacted(edited, {})).toThrow(/"gateway\.auth\.token"/);
  expect(() => restoreRedacted(edited, { gateway: { auth: "x" } })).toThrow(/no secret before/);
});

test("redaction: a decoded configuration survives showing and coming back", async () => {
  const decoded = await decodeConfig(JSON.stringify(secretValues), { fileName: "saltgate.json", env: {} });
  if (!decoded.ok) throw new Error(decoded.problems[0]?.message);
  expect(JSON.stringify(redact(decoded.config))).not.toMatch(/"s-/);
  expect(restoreRedacted(redact(decoded.config), decoded.config)).toEqual(decoded.config);
  expect([...secretsOf(decoded.config)].toSorted()).toEqual(all);
});
