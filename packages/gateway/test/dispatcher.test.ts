import { CODECS, type ErrorShape, METHODS, type RequestFrame } from "@saltgate/protocol";
import { StoreError, StoreErrorCode } from "@saltgate/store";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Peer } from "../src/connection/peer.ts";
import { authorize } from "../src/dispatch/authorize.ts";
import { type AnyHandler, Dispatcher } from "../src/dispatch/dispatcher.ts";
import { RequestError } from "../src/dispatch/outcome.ts";
import { silentLogger, systemClock } from "../src/index.ts";

function caller(change: Partial<Peer> = {}): Peer {
  const client = {
    id: "test",
    mode: "ui",
    displayName: "Mina",
    version: "1",
    platform: "linux",
    deviceFamily: undefined,
    modelIdentifier: undefined,
    instanceId: undefined,
  };
  return {
    connId: "c1",
    version: 4,
    role: "operator",
    scopes: ["operator.admin"],
    deviceId: "d1",
    client,
    authMethod: "token",
    local: true,
    asksFor: [],
    remoteIp: undefined,
    ...change,
  };
}

class Channel {
  readonly codec = CODECS[4];
  readonly answers: { id: string; payload?: unknown; error?: ErrorShape }[] = [];
  respond(id: string, payload: unknown): void {
    this.answers.push({ id, payload });
  }
  respondError(id: string, error: ErrorShape): void {
    this.answers.push({ id, error });
  }
}

function stage(
  handlers: Record<string, AnyHandler>,
  change: { maxInFlight?: number; admits?: boolean; now?: () => number } = {},
) {
  const audited: unknown[] = [];
  const held = { bytes: 0 };
  const dispatcher = new Dispatcher({
    handlers,
    maxInFlightPerConnection: change.maxInFlight ?? 4,
    memory: {
      admits: () => change.admits ?? true,
      hold(bytes) {
        held.bytes += bytes;
        return () => {
          held.bytes -= bytes;
        };
      },
    },
    clock: { ...systemClock, ...(change.now && { now: change.now }) },
    logger: silentLogger,
    audit: (entry) => audited.push(entry),
  });
  const channel = new Channel();
  const ask = (method: string, params: unknown = {}, who = caller(), id = "r"): void =>
    dispatcher.dispatch(channel, who, { type: "req", id, method, params } satisfies RequestFrame, 10);
  return { dispatcher, channel, ask, audited, held };
}

const detail = (error: ErrorShape | undefined) => (error?.details as { code?: string } | undefined)?.code;
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("dispatcher", () => {
  test("[gateway:scope-order] dispatcher: role first, then scope, and only an admin learns that a method doesn't exist", () => {
    const answer = (change: Partial<Peer>, name: string) => {
      const result = authorize(caller(change), name);
      return result.ok ? "ok" : result.error.message;
    };
    expect(answer({ role: "node" }, "health")).toBe("unauthorized role: node");
    expect(answer({ role: "node" }, "no.such")).toBe("unauthorized role: node");
    expect(answer({ scopes: [] }, "health")).toBe("missing scope: operator.read");
    expect(answer({ scopes: ["operator.write"] }, "health")).toBe("ok");
    expect(answer({ scopes: ["operator.write"] }, "device.pair.list")).toBe("missing scope: operator.pairing");
    expect(answer({ scopes: ["operator.write"] }, "no.such")).toBe("missing scope: operator.admin");
    expect(answer({}, "no.such")).toBe("unknown method: no.such");
    expect(answer({}, "connect")).toBe("connect is only valid as the first request");
    expect(answer({}, "__proto__")).toBe("unknown method: __proto__");
  });

  test("[gateway:scope-table] dispatcher: whatever scopes a peer has, a method runs only if they satisfy the method's own", () => {
    const names = Object.keys(METHODS);
    const scopes = fc.subarray([
      "operator.read",
      "operator.write",
      "operator.pairing",
      "operator.approvals",
      "operator.talk",
      "made.up",
      "operator.admin.x",
    ]);
    fc.assert(
      fc.property(fc.constantFrom(...names), scopes, fc.constantFrom(3 as const, 4 as const), (name, held, version) => {
        const result = authorize(caller({ scopes: held, version }), name);
        if (!result.ok) return;
        const rule = result.method.scope;
        const needed = rule === undefined || typeof rule === "string" ? rule : rule[version];
        const implied = held.includes("operator.write") ? [...held, "operator.read"] : held;
        expect(needed === undefined || implied.includes(needed)).toBe(true);
        expect(needed).not.toBe("operator.admin");
      }),
    );
  });

  test("[gateway:not-served] dispatcher: a method of later work says that it is not served", () => {
    const planned = Object.entries(METHODS).find(
      ([, { status, role }]) => (status as string) === "planned" && (role as string) === "operator",
    )?.[0];
    const { channel, ask } = stage({});
    ask(planned ?? "");
    expect(detail(channel.answers[0]?.error)).toBe("METHOD_NOT_SERVED");
  });

  test("[gateway:params] dispatcher: params that don't fit are named by place, and nothing runs", () => {
    let ran = 0;
    const { channel, ask } = stage({
      "device.pair.approve": () => {
        ran += 1;
      },
    });
    ask("device.pair.approve", { requestId: 7 });
    ask("device.pair.approve", undefined);
    ask("device.pair.approve", "text");
    expect(channel.answers.map(({ error }) => detail(error))).toEqual([
      "INVALID_PARAMS",
      "INVALID_PARAMS",
      "INVALID_PARAMS",
    ]);
    expect(channel.answers[0]?.error?.message).toContain("at /requestId: ");
    expect(channel.answers[1]?.error?.message).toContain("must have required property 'requestId'");
    expect(ran).toBe(0);
  });

  test("[gateway:internal-error] dispatcher: that there is no room is told in the words of what is full, and nothing else of the state is", async () => {
    const { channel, ask } = stage({
      health: () =>
        Promise.reject(new StoreError(StoreErrorCode.Full, "The outbox is full. See why: saltgate deliveries")),
      status: () => Promise.reject(new StoreError(StoreErrorCode.Io, "Writing /root/x failed")),
    });
    ask("health");
    ask("status");
    await settle();
    expect(channel.answers.map(({ error }) => [detail(error), error?.retryable, error?.message])).toEqual([
      ["OVERLOADED", true, "The outbox is full. See why: saltgate deliveries"],
      ["STORE_UNAVAILABLE", true, "status can't read or write the gateway's state; its log says why"],
    ]);
  });

  test("[gateway:internal-error] dispatcher: what goes wrong inside is told as such, without its text; what a handler refuses is told as it is", async () => {
    const { channel, ask } = stage({
      health: () => {
        throw new Error("secret path /root/x");
      },
      status: () => Promise.reject(new TypeError("secret")),
      "device.pair.list": () => {
        throw new RequestError("STORE_UNAVAILABLE", "the state can't be read");
      },
    });
    ask("health");
    ask("status");
    ask("device.pair.list");
    await settle();
    const byCode = channel.answers.map(({ error }) => [detail(error), error?.retryable]);
    expect(byCode.sort()).toEqual([
      ["INTERNAL", true],
      ["INTERNAL", true],
      ["STORE_UNAVAILABLE", true],
    ]);
    expect(JSON.stringify(channel.answers)).not.toContain("secret");
  });

  test("[gateway:queue] dispatcher: more requests than a connection may have under way are refused, to be tried again, and others go on", async () => {
    const gates: (() => void)[] = [];
    const { channel, ask, dispatcher, held } = stage(
      { health: () => new Promise<void>((resolve) => gates.push(resolve)) },
      { maxInFlight: 2 },
    );
    for (const id of ["a", "b", "c"]) ask("health", {}, caller(), id);
    ask("health", {}, caller({ connId: "c2" }), "other");
    expect(channel.answers).toMatchObject([
      { id: "c", error: { code: "UNAVAILABLE", retryable: true, retryAfterMs: 250, details: { code: "QUEUE_FULL" } } },
    ]);
    expect([dispatcher.running, held.bytes]).toEqual([3, 30]);
    const drained = dispatcher.drained();
    for (const open of gates) open();
    await drained;
    expect([dispatcher.running, held.bytes]).toEqual([0, 0]);
    ask("health", {}, caller(), "d");
    expect(gates).toHaveLength(4);
  });

  test("[gateway:memory] dispatcher: without memory for it a request is refused, to be tried again", () => {
    const { channel, ask } = stage({ health: () => "x" }, { admits: false });
    ask("health");
    expect(channel.answers).toMatchObject([
      { error: { code: "UNAVAILABLE", retryable: true, details: { code: "OVERLOADED" } } },
    ]);
  });

  test("[gateway:audit] dispatcher: every privileged act is recorded, done or refused, with who ordered what", () => {
    const { ask, audited } = stage({
      "device.pair.reject": () => {
        throw new RequestError("UNKNOWN_REQUEST_ID", "no");
      },
      health: () => ({}),
    });
    ask("health");
    ask("device.pair.reject", { requestId: "r1", token: "s3cret" });
    ask("device.pair.reject", { requestId: "r1" }, caller({ deviceId: undefined }));
    expect(audited).toEqual([
      { method: "device.pair.reject", by: "Mina", deviceId: "d1", about: { requestId: "r1" }, ok: false },
      {
        method: "device.pair.reject",
        by: "the local owner",
        deviceId: undefined,
        about: { requestId: "r1" },
        ok: false,
      },
    ]);
  });

  test("[gateway:idempotency] dispatcher: a repeat gets the first answer and never runs again; other params or another caller are no repeat", async () => {
    const [name, description] =
      Object.entries(METHODS).find(
        ([, method]) =>
          (method as { idempotent?: boolean }).idempotent === true && (method.role as string) === "operator",
      ) ?? [];
    expect(description).toBeDefined();
    const params = {
      idempotencyKey: "k1",
      to: "x",
      message: "hello",
      sessionKey: "main",
      nodeId: "n",
      command: "c",
      question: "q",
      options: ["a", "b"],
    };
    let runs = 0;
    const gates: ((value: unknown) => void)[] = [];
    let now = 0;
    const { channel, ask } = stage(
      {
        [name!]: () => {
          runs += 1;
          return new Promise((resolve) => gates.push(resolve));
        },
      },
      { now: () => now },
    );
    ask(name!, params, caller(), "first");
    ask(name!, params, caller(), "repeat while running");
    ask(name!, { ...params, message: "other", command: "other", question: "other" }, caller(), "other params");
    ask(name!, params, caller({ deviceId: "d2", connId: "c2" }), "other caller");
    expect(runs).toBe(2);
    for (const open of gates) open({ n: gates.indexOf(open) });
    await settle();
    ask(name!, params, caller(), "repeat later");
    await settle();
    const byId = new Map(channel.answers.map((answer) => [answer.id, answer]));
    expect(byId.get("repeat while running")?.payload).toEqual(byId.get("first")?.payload);
    expect(byId.get("repeat later")?.payload).toEqual(byId.get("first")?.payload);
    expect(detail(byId.get("other params")?.error)).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(runs).toBe(2);
    now = 300_001;
    ask(name!, params, caller(), "long after");
    expect(runs).toBe(3);
  });
});
