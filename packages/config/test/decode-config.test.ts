// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the configuration file has placeholders of that shape

import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeConfig, defaultConfig, maxConfigLength } from "../src/index.ts";

const decode = (text: string, env: Record<string, string> = {}) =>
  decodeConfig(text, { fileName: "/home/me/.saltgate/saltgate.json", env });

async function messages(text: string, env: Record<string, string> = {}): Promise<string[]> {
  const decoded = await decode(text, env);
  return decoded.ok ? [] : decoded.problems.map(({ message }) => message);
}

async function warnings(text: string): Promise<string[]> {
  return (await decode(text)).warnings.map(({ message }) => message);
}

test("[config:json5] config: comments, trailing commas, unquoted keys and single quotes are fine", async () => {
  const decoded = await decode("// mine\n{ gateway: { port: 19000, bind: 'lan', /* more */ }, }");
  expect(decoded).toMatchObject({ ok: true, config: { gateway: { port: 19000, bind: "lan" } } });
});

test.each(["", "  \n", "{}", "\uFEFF{}"])("config: the text %j is the default configuration", async (text) => {
  expect(await decode(text)).toMatchObject({ ok: true, config: defaultConfig(), warnings: [] });
});

test("[config:safe-defaults] config: the defaults listen on loopback alone and weaken nothing", () => {
  expect(defaultConfig()).toEqual({
    channels: { defaults: {}, telegram: { accounts: {} } },
    gateway: {
      port: 18789,
      bind: "loopback",
      trustedProxies: [],
      handshakeTimeoutMs: 15_000,
      tickIntervalMs: 15_000,
      auth: {
        allowTailscale: false,
        localWithoutDevice: "full",
        rateLimit: { maxFailures: 10, windowMs: 60_000, lockoutMs: 300_000 },
      },
      controlUi: { allowedOrigins: [] },
      tls: { enabled: false, autoGenerate: true },
      nodes: { allowCommands: [], denyCommands: [] },
      approvals: { timeoutMs: 120_000 },
      remote: {},
      limits: {
        maxPayloadBytes: 26_214_400,
        maxBufferedBytes: 52_428_800,
        totalBufferedBytes: 268_435_456,
        maxConnections: 10_000,
        maxPreAuthConnections: 256,
        maxPreAuthConnectionsPerIp: 32,
        maxInFlightRequests: 128,
      },
      restart: { drainTimeoutMs: 300_000 },
      reload: {},
      tailscale: {},
      http: {},
    },
    commands: { ownerAllowFrom: [], restart: false, useAccessGroups: true },
    logging: { level: "info", consoleLevel: "info", redactSensitive: "tools", redactPatterns: [] },
    agents: {
      defaults: {
        models: {},
        bootstrapMaxChars: 20_000,
        timeoutSeconds: 600,
        maxConcurrent: 4,
        subagents: { maxConcurrent: 8 },
      },
      list: [],
    },
    models: { mode: "merge", providers: {}, firstByteTimeoutMs: 120_000, idleTimeoutMs: 120_000 },
    tools: {
      byProvider: {},
      dangerouslyAllowForNonOwners: [],
      exec: { timeoutSec: 1_800 },
      agentToAgent: { enabled: false, allow: [] },
      subagents: { tools: {} },
    },
    bindings: [],
    messages: {
      queue: { mode: "collect", byChannel: {}, debounceMs: 1_000, debounceMsByChannel: {}, cap: 20, drop: "summarize" },
      groupChat: { mentionPatterns: [] },
    },
    session: {
      dmScope: "main",
      mainKey: "main",
      identityLinks: {},
      resetByChannel: {},
      resetTriggers: [],
      limits: { agent: {}, sender: {} },
    },
  });
});

test("[config:strict] config: an unknown key is an error that names file, line and nearest key", async () => {
  expect(await messages('{\n  "gateway": {\n    "mode": "local",\n    "prot": 18789\n  }\n}')).toEqual([
    'saltgate.json line 4: unknown key "gateway.prot". Did you mean "gateway.port"?',
  ]);
});

test.each([
  ["{ gatway: {} }", 'unknown key "gatway". Did you mean "gateway"?'],
  ["{ gateway: { token: 'x' } }", 'unknown key "gateway.token". Did you mean "gateway.auth.token"?'],
  ["{ gateway: { auth: { Token: 'x' } } }", 'unknown key "gateway.auth.Token". Did you mean "gateway.auth.token"?'],
  ["{ gateway: { tls: { cert: 'x' } } }", 'unknown key "gateway.tls.cert".'],
  ["{ zzzzzzzzzzzz: 1 }", 'unknown key "zzzzzzzzzzzz".'],
])("[config:strict] config: %s has an %s", async (text, message) => {
  const [first, ...more] = await messages(text);
  expect(first).toMatch(new RegExp(`^saltgate\\.json line 1: ${message.replace(/[.?]/g, "\\$&")}`));
  expect(more).toEqual([]);
});

test.each([
  ["{ gateway: { port: 'a' } }", '"gateway.port" must be a whole number from 1 to 65535, not "a".'],
  ["{ gateway: { port: 0 } }", '"gateway.port" must be a whole number from 1 to 65535, not 0.'],
  ["{ gateway: { port: 65536 } }", '"gateway.port" must be a whole number from 1 to 65535, not 65536.'],
  ["{ gateway: { port: 1.5 } }", '"gateway.port" must be a whole number from 1 to 65535, not 1.5.'],
  ["{ gateway: { port: null } }", '"gateway.port" must be a whole number from 1 to 65535, not null.'],
  [
    "{ gateway: { bind: 'wan' } }",
    '"gateway.bind" must be "loopback", "lan", "tailnet", "auto" or "custom", not "wan".',
  ],
  ["{ gateway: 7 }", '"gateway" must be an object: { ... }.'],
  ["{ gateway: { auth: [] } }", '"gateway.auth" must be an object: { ... }.'],
])("[config:strict] config: %s says what was expected", async (text, message) => {
  expect(await messages(text)).toEqual([`saltgate.json line 1: ${message}`]);
});

test("config: a wrong item of a list is named with its own line", async () => {
  expect(await messages('{\n gateway: {\n  trustedProxies: [\n   "10.0.0.1",\n   "10.0.0.0/33",\n  ] } }')).toEqual([
    'saltgate.json line 5: "gateway.trustedProxies" must be a list of IP addresses or networks such as 10.0.0.0/8, ' +
      'not "10.0.0.0/33" (this is about gateway.trustedProxies[1]).',
  ]);
});

test("config: everything that is wrong is reported at once", async () => {
  expect(await messages("{\ngateway: { port: 0, prot: 1,\nbind: 'x' },\nfoo: 1 }")).toHaveLength(4);
});

test("[config:secrets-unspoken] config: an error about a secret doesn't repeat it", async () => {
  const texts = [
    "{ gateway: { auth: { token: ['s3cret-value'] } } }",
    "{ gateway: { auth: { password: { s3cret: 's3cret-value' } } } }",
    "{ gateway: { auth: { token: 's3cret-value', token: 's3cret-value' } } }",
    "{ gateway: { auth: { token: 's3cret-value' } }, hooks: { token: 's3cret-value' } }",
    "{ gateway: { auth: { token: 's3cret-value } } }",
    "{ gateway: { auth: 's3cret-value' } }",
    "{ gateway: { auth: { mode: 's3cret-value' } } }",
    "{ gateway: ['s3cret-value'] }",
    "{ gateway: { remote: { url: 'wss://me:s3cret-value@host' } } }",
  ];
  for (const text of texts) {
    const found = await messages(text);
    expect(found).not.toEqual([]);
    expect(found.join()).not.toContain("s3cret-value");
  }
});

test.each([
  ["10.0.0.1", true],
  ["::1", true],
  ["10.0.0.0/8", true],
  ["fd7a:115c:a1e0::/48", true],
  ["10.0.0.0/33", false],
  ["10.0.0.0/", false],
  ["10.0.0.0/8/8", false],
  ["10.0.0.0/-1", false],
  ["proxy.example", false],
  ["10.0.0", false],
  ["", false],
])("config: %j as a trusted proxy: %s", async (proxy, fine) => {
  expect((await decode(JSON.stringify({ gateway: { trustedProxies: [proxy] } }))).ok).toBe(fine);
});

test.each([
  ["https://panel.example", true],
  ["http://localhost:5173", true],
  ["*", true],
  ["https://panel.example/", false],
  ["https://panel.example/path", false],
  ["https://panel.example:443", false],
  ["panel.example", false],
  ["null", false],
  ["https://*.example", true],
  ["file:///x", false],
])("config: %j as an allowed origin: %s", async (origin, fine) => {
  expect((await decode(JSON.stringify({ gateway: { controlUi: { allowedOrigins: [origin] } } }))).ok).toBe(fine);
});

test.each([
  ["wss://host:18789", true],
  ["ws://127.0.0.1:18789", true],
  ["https://host", false],
  ["wss://user:pass@host", false],
  ["wss://host/?token=x", false],
  ["wss://host/#token=x", false],
  ["host:18789", false],
])("config: %j as the address of a remote gateway: %s", async (url, fine) => {
  expect((await decode(JSON.stringify({ gateway: { remote: { url } } }))).ok).toBe(fine);
});

test("[config:later-keys] config: a documented key of later work is accepted with one warning", async () => {
  const text =
    "{\n channels: { slack: { botToken: 'x', dmPolicy: 'pairing' } },\n gateway: { tailscale: { mode: 'off' } } }";
  expect(await decode(text)).toMatchObject({ ok: true });
  expect(await warnings(text)).toEqual([
    'saltgate.json line 2: "channels.slack" is understood but not used yet.',
    'saltgate.json line 3: "gateway.tailscale.mode" is understood but not used yet.',
  ]);
});

test("[config:later-keys] config: every documented top-level key is accepted", async () => {
  const documented =
    "meta env wizard diagnostics logging update browser ui auth models nodeHost agents tools bindings broadcast audio media messages commands approvals session cron hooks web channels discovery canvasHost talk gateway skills plugins".split(
      " ",
    );
  const text = JSON.stringify(Object.fromEntries(documented.map((key) => [key, key === "bindings" ? [] : {}])));
  expect(await messages(text)).toEqual([]);
});

test("config: the notes that tools leave in a file are accepted without a word", async () => {
  const text = JSON.stringify({
    $schema: "x",
    meta: { lastTouchedVersion: "1", lastTouchedAt: "2026-01-01T00:00:00Z" },
  });
  expect(await decode(text)).toMatchObject({ ok: true, warnings: [] });
});

test.each(["__proto__", "constructor", "prototype"])(
  "[config:no-prototype-keys] config: the key %s is refused everywhere",
  async (key) => {
    for (const text of [
      `{ "${key}": {} }`,
      `{ gateway: { "${key}": { port: 1 } } }`,
      `{ channels: { a: [{ "${key}": 1 }] } }`,
    ]) {
      expect((await messages(text)).join()).toContain("has a name that no key may have");
    }
    expect(({} as Record<string, unknown>)["port"]).toBeUndefined();
  },
);

test("config: $include is refused with what to do instead", async () => {
  expect(await messages('{\n agents: { "$include": "./a.json" } }')).toEqual([
    'saltgate.json line 2: "agents.$include" can\'t be used yet. Put the content of that file here instead.',
  ]);
});

test("config: a key that is set twice is an error, because one of the two would be ignored", async () => {
  expect(await messages("{\n gateway: { port: 1,\n  'port': 2 } }")).toEqual([
    'saltgate.json line 3: "gateway.port" is set more than once (lines 2, 3). Keep one of them.',
  ]);
});

test("[config:substitution] config: ${NAME} comes from the environment, $${NAME} is literal", async () => {
  const text =
    "{ gateway: { auth: { token: 'a-${TOKEN}-${OTHER}', password: '$${TOKEN}' }, customBindHost: '${HOST}' } }";
  const decoded = await decode(text, { TOKEN: "${OTHER}", OTHER: "b", HOST: "10.0.0.1" });
  expect(decoded).toMatchObject({
    config: { gateway: { auth: { token: "a-${OTHER}-b", password: "${TOKEN}" }, customBindHost: "10.0.0.1" } },
  });
});

test.each<[string, Record<string, string>]>([
  ["unset", {}],
  ["blank", { TOKEN: "  " }],
])("[config:substitution] config: a variable that is %s is an error that names key and variable", async (_how, env) => {
  expect(await messages("{\n gateway: { auth: {\n token: '${TOKEN}' } } }", env)).toEqual([
    'saltgate.json line 3: "gateway.auth.token" refers to the environment variable TOKEN, which isn\'t set. ' +
      "Set it, or write $${TOKEN} if the text is meant literally.",
  ]);
});

test("config: a missing variable under a key that isn't used yet is only a warning", async () => {
  const text = "{ channels: { slack: { botToken: '${SLACK_TOKEN}' } } }";
  expect(await decode(text)).toMatchObject({ ok: true });
  expect((await warnings(text)).join()).toContain("SLACK_TOKEN");
});

test("[R-47] config: the token of webhooks must not be a secret of the gateway", async () => {
  for (const kind of ["token", "password"]) {
    const text = `{ gateway: { auth: { ${kind}: 'same' } },\n hooks: { token: 'same' } }`;
    expect((await messages(text)).join()).toContain('saltgate.json line 2: "hooks.token" is the same secret as');
  }
  const apart = "{ gateway: { auth: { token: 'one' } }, hooks: { token: 'another' } }";
  expect(await messages(apart)).toEqual([]);
});

test("[config:no-placeholder-secret] config: the placeholder of a shown configuration is no secret", async () => {
  for (const placeholder of ["__SALTGATE_REDACTED__", "__OPENCLAW_REDACTED__"]) {
    expect(await messages(`{ gateway: { auth: { token: '${placeholder}' } } }`)).toHaveLength(1);
  }
});

test("[R-08] config: bind custom without an address is an error, not a wider bind", async () => {
  expect((await messages("{ gateway: { bind: 'custom' } }")).join()).toContain("gateway.customBindHost");
});

test("config: what opens the door wide is said loudly", async () => {
  expect((await warnings("{ gateway: { controlUi: { allowedOrigins: ['*'] } } }")).join()).toContain("every web page");
  expect((await warnings("{ gateway: { trustedProxies: ['0.0.0.0/0'] } }")).join()).toContain("everybody may claim");
});

test.each([
  ["{\n  a: 1\n  b: 2\n}", 3],
  ["{", undefined],
  ["[]", undefined],
  ["7", undefined],
  ["{ a: 'x\n' }", 2],
])("config: the text %j is refused as a whole", async (text, line) => {
  const decoded = await decode(text);
  expect(decoded.ok).toBe(false);
  if (!decoded.ok && line !== undefined) expect(decoded.problems[0]?.line).toBe(line);
  if (!decoded.ok) expect(decoded.problems).toHaveLength(1);
});

test("[config:bounded] config: a file that is too long or too deep is refused", async () => {
  expect((await decode(" ".repeat(maxConfigLength + 1))).ok).toBe(false);
  const deep = `{ agents: ${"[".repeat(100)}${"]".repeat(100)} }`;
  expect((await messages(deep)).join()).toContain("nested deeper");
});

test("[config:never-throws] config: no text makes decoding throw", async () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "'",
    '"',
    "gateway",
    "port",
    "//",
    "/*",
    "*/",
    "\\",
    "\n",
    "1",
    "${A}",
    " ",
    "é",
  );
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(pieces, { maxLength: 40 }).map((list) => list.join("")),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const decoded = await decode(text);
      expect(typeof decoded.ok).toBe("boolean");
      if (!decoded.ok) expect(decoded.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});
