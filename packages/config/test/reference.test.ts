import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configJsonSchema, configReference, explain, explainAll } from "../src/index.ts";

const page = new URL("../../../docs/configuration.md", import.meta.url);

test("[config:reference] reference: docs/configuration.md is what the notes say", async () => {
  // Red after a note changed? Run: node --conditions=@saltgate/source packages/config/scripts/write-reference.ts
  expect(await readFile(page, "utf8")).toBe(configReference());
});

test("[config:annotated] reference: every key has a description, a type, and says what a change does", () => {
  for (const key of explainAll()) {
    expect(key.description, key.path).toMatch(/^[A-Z].*\.$/s);
    expect(key.type, key.path).not.toBe("");
    expect(["live", "channel", "gateway"], key.path).toContain(key.reload);
  }
});

test("[config:annotated] reference: the keys that have an effect are exactly these", () => {
  const used = explainAll().filter(({ later, path }) => !later && !path.startsWith("channels.telegram.accounts."));
  expect(used.map(({ path }) => path)).toEqual([
    "$schema",
    "meta",
    "gateway.port",
    "gateway.mode",
    "gateway.bind",
    "gateway.customBindHost",
    "gateway.trustedProxies",
    "gateway.handshakeTimeoutMs",
    "gateway.tickIntervalMs",
    "gateway.auth.mode",
    "gateway.auth.token",
    "gateway.auth.password",
    "gateway.auth.allowTailscale",
    "gateway.auth.localWithoutDevice",
    "gateway.auth.deviceTokenTtlMs",
    "gateway.auth.rateLimit.maxFailures",
    "gateway.auth.rateLimit.windowMs",
    "gateway.auth.rateLimit.lockoutMs",
    "gateway.controlUi.allowedOrigins",
    "gateway.tls.enabled",
    "gateway.tls.autoGenerate",
    "gateway.tls.certPath",
    "gateway.tls.keyPath",
    "gateway.tls.caPath",
    "gateway.nodes.allowCommands",
    "gateway.nodes.denyCommands",
    "gateway.approvals.timeoutMs",
    "gateway.remote.url",
    "gateway.remote.token",
    "gateway.remote.password",
    "gateway.remote.tlsFingerprint",
    "gateway.limits.maxPayloadBytes",
    "gateway.limits.maxBufferedBytes",
    "gateway.limits.totalBufferedBytes",
    "gateway.limits.maxConnections",
    "gateway.limits.maxPreAuthConnections",
    "gateway.limits.maxPreAuthConnectionsPerIp",
    "gateway.limits.maxInFlightRequests",
    "gateway.restart.drainTimeoutMs",
    "commands.restart",
    "commands.ownerAllowFrom",
    "commands.useAccessGroups",
    "logging.level",
    "logging.consoleLevel",
    "logging.file",
    "logging.redactSensitive",
    "logging.redactPatterns",
    "agents.defaults.model",
    "agents.defaults.models.<id>.alias",
    "agents.defaults.workspace",
    "agents.defaults.bootstrapMaxChars",
    "agents.defaults.contextTokens",
    "agents.defaults.thinkingDefault",
    "agents.defaults.timeoutSeconds",
    "agents.defaults.maxConcurrent",
    "agents.defaults.subagents.allowAgents",
    "agents.defaults.subagents.model",
    "agents.defaults.subagents.maxConcurrent",
    "agents.list[].id",
    "agents.list[].default",
    "agents.list[].name",
    "agents.list[].workspace",
    "agents.list[].model",
    "agents.list[].tools.profile",
    "agents.list[].tools.allow",
    "agents.list[].tools.alsoAllow",
    "agents.list[].tools.deny",
    "agents.list[].tools.byProvider.<id>.profile",
    "agents.list[].tools.byProvider.<id>.allow",
    "agents.list[].tools.byProvider.<id>.alsoAllow",
    "agents.list[].tools.byProvider.<id>.deny",
    "agents.list[].subagents.allowAgents",
    "agents.list[].subagents.model",
    "agents.list[].limits.runsPerHour",
    "agents.list[].limits.runsPerDay",
    "agents.list[].limits.tokensPerDay",
    "agents.list[].limits.costUsdPerDay",
    "agents.list[].identity.name",
    "agents.list[].identity.emoji",
    "agents.list[].identity.theme",
    "agents.list[].identity.avatar",
    "bindings",
    "channels.defaults.groupPolicy",
    "channels.telegram.enabled",
    "channels.telegram.name",
    "channels.telegram.botToken",
    "channels.telegram.tokenFile",
    "channels.telegram.apiRoot",
    "channels.telegram.dmPolicy",
    "channels.telegram.allowFrom",
    "channels.telegram.groupPolicy",
    "channels.telegram.groupAllowFrom",
    "channels.telegram.groups",
    "channels.telegram.dangerouslyMatchNames",
    "channels.telegram.allowBots",
    "channels.telegram.historyLimit",
    "channels.telegram.textChunkLimit",
    "channels.telegram.chunkMode",
    "channels.telegram.mediaMaxMb",
    "channels.telegram.markdown",
    "channels.telegram.streamMode",
    "channels.telegram.replyToMode",
    "channels.telegram.reactionNotifications",
    "channels.telegram.linkPreview",
    "channels.telegram.customCommands",
    "channels.telegram.timeoutSeconds",
    "channels.telegram.webhookUrl",
    "channels.telegram.webhookSecret",
    "channels.telegram.webhookPath",
    "channels.telegram.configWrites",
    "messages.responsePrefix",
    "messages.queue.mode",
    "messages.queue.byChannel",
    "messages.queue.debounceMs",
    "messages.queue.debounceMsByChannel",
    "messages.queue.cap",
    "messages.queue.drop",
    "messages.groupChat.mentionPatterns",
    "messages.groupChat.historyLimit",
    "models.mode",
    "models.providers.<id>.baseUrl",
    "models.providers.<id>.api",
    "models.providers.<id>.apiKey",
    "models.providers.<id>.headers",
    "models.providers.<id>.models[].id",
    "models.providers.<id>.models[].name",
    "models.providers.<id>.models[].contextWindow",
    "models.providers.<id>.models[].reasoning",
    "models.providers.<id>.models[].input",
    "models.providers.<id>.models[].maxTokens",
    "models.providers.<id>.models[].cost.input",
    "models.providers.<id>.models[].cost.output",
    "models.providers.<id>.models[].cost.cacheRead",
    "models.providers.<id>.models[].cost.cacheWrite",
    "models.firstByteTimeoutMs",
    "models.idleTimeoutMs",
    "session.dmScope",
    "session.mainKey",
    "session.identityLinks",
    "session.reset",
    "session.resetByType",
    "session.resetByChannel",
    "session.idleMinutes",
    "session.resetTriggers",
    "session.sendPolicy",
    "session.limits.agent.runsPerHour",
    "session.limits.agent.runsPerDay",
    "session.limits.agent.tokensPerDay",
    "session.limits.agent.costUsdPerDay",
    "session.limits.sender.runsPerHour",
    "session.limits.sender.runsPerDay",
    "session.limits.sender.tokensPerDay",
    "session.limits.sender.costUsdPerDay",
    "tools.profile",
    "tools.allow",
    "tools.alsoAllow",
    "tools.deny",
    "tools.byProvider.<id>.profile",
    "tools.byProvider.<id>.allow",
    "tools.byProvider.<id>.alsoAllow",
    "tools.byProvider.<id>.deny",
    "tools.dangerouslyAllowForNonOwners",
    "tools.exec.security",
    "tools.exec.ask",
    "tools.exec.timeoutSec",
    "tools.agentToAgent.enabled",
    "tools.agentToAgent.allow",
    "tools.subagents.tools.allow",
    "tools.subagents.tools.deny",
  ]);
});

test("[config:annotated] reference: an account takes the keys of its channel, and no other", () => {
  const under = (prefix: string) =>
    explainAll()
      .filter(({ path }) => path.startsWith(prefix) && !path.slice(prefix.length).includes("."))
      .map(({ path, ...key }) => ({ ...key, name: path.slice(prefix.length) }));
  expect(under("channels.telegram.accounts.<id>.")).toEqual(under("channels.telegram."));
  expect(under("channels.telegram.").length).toBeGreaterThan(30);
});

test("explain: a key says what it is for", () => {
  expect(explain("gateway.auth.token")).toEqual({
    kind: "key",
    path: "gateway.auth.token",
    description: "The shared token. Whoever has it can pair a device on this host: keep it like a root password.",
    type: "a secret: a text that isn't empty and isn't a placeholder",
    default: undefined,
    sensitive: true,
    reload: "gateway",
    later: false,
  });
  expect(explain("gateway.port")).toMatchObject({ default: "`18789`", sensitive: false });
});

test("explain: a section lists its keys, a path inside a value belongs to its key", () => {
  expect(explain("gateway.auth.rateLimit")).toEqual({
    kind: "section",
    path: "gateway.auth.rateLimit",
    keys: ["gateway.auth.rateLimit.maxFailures", "gateway.auth.rateLimit.windowMs", "gateway.auth.rateLimit.lockoutMs"],
  });
  expect(explain("gateway.trustedProxies[2]")).toMatchObject({ path: "gateway.trustedProxies" });
  expect(explain("channels.slack.botToken")).toMatchObject({ path: "channels.slack", later: true });
});

test("explain: a key of an account is explained whatever the account is called", () => {
  const botToken = { path: "channels.telegram.accounts.<id>.botToken", sensitive: true, reload: "channel" };
  expect(explain("channels.telegram.accounts.work.botToken")).toMatchObject(botToken);
  expect(explain("channels.telegram.accounts.my.work.botToken")).toMatchObject(botToken);
  expect(() => explain("channels.telegram.accounts.work.botTokn")).toThrow(/There is no key/);
});

test("explain: an unknown key is an error with the nearest one", () => {
  expect(() => explain("gateway.prot")).toThrow('There is no key "gateway.prot". Did you mean "gateway.port"?');
  expect(() => explain("gateway.port.x")).toThrow(expect.objectContaining({ code: "unknown-key" }));
});

test("schema: the JSON Schema is strict, carries the notes, and refuses nothing that is only a default", () => {
  const schema = configJsonSchema() as {
    additionalProperties: boolean;
    required?: string[];
    properties: { gateway: { properties: { port: Record<string, unknown>; auth: { properties: { token: object } } } } };
  };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toBeUndefined();
  const { port, auth } = schema.properties.gateway.properties;
  expect(port).toMatchObject({ type: "integer", minimum: 1, maximum: 65535, default: 18789, reload: "gateway" });
  expect(auth.properties.token).toMatchObject({ type: "string", sensitive: true });
});
