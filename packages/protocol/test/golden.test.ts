import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  CODECS,
  decodeServerFrame,
  encodeErrorResponse,
  encodeEvent,
  encodeResponse,
  errorForVersion,
  errorShape,
  type Hello,
  helloOkV3Schema,
  helloOkV4Schema,
  type PresenceEntry,
} from "../src/index.ts";

/** One recorded frame per file, as it travels. The files are typed by hand and never written by a test. */
function golden(name: string): string {
  return readFileSync(new URL(`golden/${name}`, import.meta.url), "utf8").trimEnd();
}

const self: PresenceEntry = {
  host: "harbor",
  ip: "192.168.7.20",
  version: "1.0.0",
  platform: "linux 6.8.0",
  deviceFamily: "Linux",
  mode: "gateway",
  reason: "self",
  text: "Gateway: harbor (192.168.7.20) · app 1.0.0 · mode gateway · reason self",
  ts: 1_769_904_000_030,
};

const hello: Hello = {
  serverVersion: "1.0.0",
  serverCommit: "4f1c2d3",
  serverHost: "harbor",
  connId: "e2b7c5a0-93d4-4d3f-8e51-0a6f2b1c9d7e",
  methods: ["health", "status", "system-presence"],
  events: ["connect.challenge", "presence", "tick", "shutdown", "health"],
  presence: [self],
  health: {
    ok: true,
    ts: 1_769_903_990_000,
    durationMs: 3,
    version: "1.0.0",
    phase: "ready",
    eventLoop: { delayP50Ms: 1, delayP99Ms: 2 },
    memory: { rssBytes: 61_000_000, bufferedBytes: 0 },
    connections: { operators: 1, nodes: 0 },
    channels: {},
    channelOrder: [],
    channelLabels: {},
    heartbeatSeconds: 1800,
    defaultAgentId: "main",
    agents: [],
    sessions: { path: "", count: 0, recent: [] },
  },
  stateVersion: { presence: 2, health: 1 },
  uptimeMs: 4211,
  paths: { configPath: "/srv/saltgate/saltgate.json", stateDir: "/srv/saltgate" },
  authMode: "token",
  sessionDefaults: { defaultAgentId: "main", mainKey: "main", mainSessionKey: "agent:main:main", scope: "per-sender" },
  role: "operator",
  scopes: ["operator.admin", "operator.approvals", "operator.pairing"],
  issuedToken: { secret: "2JvO3dG7sSg0l1mKx0y3W1n7bY0r5hQ8uTqZc4eV9aM", issuedAtMs: 1_769_904_000_020 },
  canvasUrl: "http://127.0.0.1:18793",
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 15_000 },
};

test("[protocol:golden] golden: hello-ok of revision 3", () => {
  const answer = CODECS[3].hello(hello);
  expect(encodeResponse("9d1f", answer)).toBe(golden("hello-ok-v3.json"));
  expect(helloOkV3Schema().parse(answer)).toEqual(answer);
});

test("[protocol:golden] golden: hello-ok of revision 4", () => {
  const answer = CODECS[4].hello(hello);
  expect(encodeResponse("1:6f", answer)).toBe(golden("hello-ok-v4.json"));
  expect(helloOkV4Schema().parse(answer)).toEqual(answer);
});

test("[protocol:hello-v3-auth] golden: revision 3 says auth only with a device token, revision 4 always", () => {
  const { issuedToken: _none, ...without } = hello;
  expect(CODECS[3].hello(without)).not.toHaveProperty("auth");
  expect(CODECS[4].hello(without)).toMatchObject({ auth: { role: "operator", scopes: hello.scopes } });
  expect(JSON.stringify(CODECS[4].hello(without))).not.toContain("deviceToken");
});

test("[R-19] golden: hello-ok names no path of the gateway's disk unless it is given one", () => {
  const { paths: _none, ...without } = hello;
  for (const version of [3, 4] as const) {
    expect(JSON.stringify(CODECS[version].hello(without))).not.toContain("/srv/");
  }
});

test("[protocol:hello-v4-closed] golden: hello-ok of revision 4 carries no health key that its clients don't know, and no ok that isn't true", () => {
  const known = [
    "ok",
    "ts",
    "durationMs",
    "channels",
    "channelOrder",
    "channelLabels",
    "heartbeatSeconds",
    "defaultAgentId",
    "agents",
    "sessions",
  ];
  const answer = CODECS[4].hello({ ...hello, health: { ...hello.health, ok: false, problems: ["no disk"] } });
  expect(Object.keys(answer.snapshot.health)).toEqual(known.slice(1));
});

test("[protocol:golden] golden: a refused scope, in the words of both revisions", () => {
  const error = errorShape("MISSING_SCOPE", "missing scope: operator.admin", {
    details: { missingScope: "operator.admin", requiredScopes: ["operator.admin"] },
  });
  expect(encodeErrorResponse("a1", errorForVersion(error, 3))).toBe(golden("missing-scope-v3.json"));
  expect(encodeErrorResponse("a1", errorForVersion(error, 4))).toBe(golden("missing-scope-v4.json"));
});

test("[protocol:golden] golden: a device that has to wait for its owner", () => {
  const error = errorShape("PAIRING_REQUIRED", "pairing required", {
    details: { reason: "not-paired", requestId: "b9a7d0f2-6f0d-4d55-8a41-0d6b7c1e2f33" },
  });
  expect(encodeErrorResponse("k1", error)).toBe(golden("pairing-required.json"));
});

test("[protocol:golden] golden: a gateway that is still starting", () => {
  const error = errorShape("STARTING", "the gateway is starting", { retryAfterMs: 500 });
  expect(encodeErrorResponse("s1", error)).toBe(golden("starting.json"));
});

test("[protocol:golden] golden: no revision in common", () => {
  const error = errorShape("PROTOCOL_MISMATCH", "protocol mismatch", {
    details: { clientMinProtocol: 7, clientMaxProtocol: 7, expectedProtocol: 4, minimumProbeProtocol: 3 },
  });
  expect(encodeErrorResponse("v1", error)).toBe(golden("protocol-mismatch.json"));
});

test("[protocol:golden] golden: the events of a connection's life", () => {
  const frames = [
    encodeEvent("connect.challenge", '{"nonce":"5b0e6f5e-2c1d-4c61-9f0e-7a3a1d9c4b22","ts":1769903999950}', undefined),
    encodeEvent("tick", '{"ts":1769904015000}', 1),
    encodeEvent("presence", JSON.stringify({ presence: [self] }), 2, { presence: 3, health: 1 }),
    encodeEvent("shutdown", '{"reason":"gateway restarting","restartExpectedMs":1500}', 3),
  ];
  expect(frames.join("\n")).toBe(golden("events.jsonl"));
});

test("[protocol:golden] golden: every recorded frame can be read back", () => {
  for (const name of [
    "hello-ok-v3.json",
    "hello-ok-v4.json",
    "missing-scope-v3.json",
    "missing-scope-v4.json",
    "pairing-required.json",
    "starting.json",
    "protocol-mismatch.json",
  ]) {
    expect(decodeServerFrame(golden(name)).ok, name).toBe(true);
  }
  for (const line of golden("events.jsonl").split("\n")) expect(decodeServerFrame(line).ok).toBe(true);
});

test("[protocol:golden] golden: no frame carries null or a key that strict clients refuse", () => {
  for (const name of ["missing-scope-v3.json", "missing-scope-v4.json", "pairing-required.json", "starting.json"]) {
    const frame = JSON.parse(golden(name)) as { error: object };
    expect(Object.keys(frame)).toEqual(["type", "id", "ok", "error"]);
    expect(golden(name)).not.toContain("null");
  }
});
