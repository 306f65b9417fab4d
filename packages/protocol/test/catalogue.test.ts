import { expect, test } from "vitest";
import {
  advertisedEvents,
  advertisedMethods,
  EVENT_FAMILIES,
  EVENTS,
  type EventDescription,
  findMethod,
  isScope,
  METHOD_FAMILIES,
  METHODS,
  type MethodDescription,
  requiredScope,
} from "../src/index.ts";

const methods: [string, MethodDescription][] = Object.entries(METHODS);
const events: [string, EventDescription][] = Object.entries(EVENTS);

/** What a gateway of revision 3 with everything in it names in hello-ok, in its order. */
const REVISION_3_METHODS = [
  "health",
  "logs.tail",
  "channels.status",
  "channels.logout",
  "status",
  "usage.status",
  "usage.cost",
  "tts.status",
  "tts.providers",
  "tts.enable",
  "tts.disable",
  "tts.convert",
  "tts.setProvider",
  "config.get",
  "config.set",
  "config.apply",
  "config.patch",
  "config.schema",
  "exec.approvals.get",
  "exec.approvals.set",
  "exec.approvals.node.get",
  "exec.approvals.node.set",
  "exec.approval.request",
  "exec.approval.resolve",
  "wizard.start",
  "wizard.next",
  "wizard.cancel",
  "wizard.status",
  "talk.mode",
  "models.list",
  "agents.list",
  "skills.status",
  "skills.bins",
  "skills.install",
  "skills.update",
  "update.run",
  "voicewake.get",
  "voicewake.set",
  "sessions.list",
  "sessions.preview",
  "sessions.patch",
  "sessions.reset",
  "sessions.delete",
  "sessions.compact",
  "last-heartbeat",
  "set-heartbeats",
  "wake",
  "node.pair.request",
  "node.pair.list",
  "node.pair.approve",
  "node.pair.reject",
  "node.pair.verify",
  "device.pair.list",
  "device.pair.approve",
  "device.pair.reject",
  "device.token.rotate",
  "device.token.revoke",
  "node.rename",
  "node.list",
  "node.describe",
  "node.invoke",
  "node.invoke.result",
  "node.event",
  "cron.list",
  "cron.status",
  "cron.add",
  "cron.update",
  "cron.remove",
  "cron.run",
  "cron.runs",
  "system-presence",
  "system-event",
  "send",
  "agent",
  "agent.identity.get",
  "agent.wait",
  "browser.request",
  "chat.history",
  "chat.abort",
  "chat.send",
  "web.login.start",
  "web.login.wait",
];

const REVISION_3_EVENTS = [
  "connect.challenge",
  "agent",
  "chat",
  "presence",
  "tick",
  "talk.mode",
  "shutdown",
  "health",
  "heartbeat",
  "cron",
  "node.pair.requested",
  "node.pair.resolved",
  "node.invoke.request",
  "device.pair.requested",
  "device.pair.resolved",
  "voicewake.changed",
  "exec.approval.requested",
  "exec.approval.resolved",
];

test("[protocol:one-contract] catalogue: everything that revision 3 advertises is described", () => {
  expect(REVISION_3_METHODS.filter((name) => findMethod(name) === undefined)).toEqual([]);
  expect(REVISION_3_EVENTS.filter((name) => !Object.hasOwn(EVENTS, name))).toEqual([]);
});

test("[protocol:one-contract] catalogue: everything that revision 4 added is described", () => {
  const added = [
    "channels.start",
    "channels.stop",
    "config.openFile",
    "config.schema.lookup",
    "cron.get",
    "device.pair.remove",
    "device.pair.rename",
    "device.pair.setupCode",
    "device.pair.setupStatus",
    "device.scopes.requestUpgrade",
    "device.scopes.waitUpgrade",
    "exec.approval.get",
    "exec.approval.grants.list",
    "exec.approval.grants.revoke",
    "exec.approval.list",
    "exec.approval.waitDecision",
    "node.invoke.progress",
    "node.pair.remove",
    "node.pending.ack",
    "node.pending.cancel",
    "node.pending.drain",
    "node.pending.enqueue",
    "node.pending.get",
    "node.pending.list",
    "node.pending.pull",
    "node.pluginSurface.refresh",
    "node.pluginTools.update",
    "node.runnerInventory.update",
    "node.skills.update",
    "sessions.abort",
    "sessions.create",
    "sessions.describe",
    "sessions.fork",
    "sessions.get",
    "sessions.messages.subscribe",
    "sessions.messages.unsubscribe",
    "sessions.search",
    "sessions.send",
    "sessions.steer",
    "sessions.subscribe",
  ];
  expect(
    methods
      .filter(([, { since }]) => since === 4)
      .map(([name]) => name)
      .sort(),
  ).toEqual(added);
  expect(
    events
      .filter(([, { since }]) => since === 4)
      .map(([name]) => name)
      .sort(),
  ).toEqual([
    "node.changed",
    "node.invoke.input",
    "node.invoke.output",
    "node.pending.resolved",
    "session.message",
    "session.operation",
    "session.tool",
    "sessions.changed",
  ]);
});

test("[protocol:features-order] catalogue: a gateway that serves everything names it to revision 3 in the documented order", () => {
  expect(advertisedMethods(3, Object.keys(METHODS))).toEqual(REVISION_3_METHODS);
  expect(advertisedEvents(3, Object.keys(EVENTS))).toEqual(REVISION_3_EVENTS);
});

test("[protocol:features-order] catalogue: revision 4 isn't told of what it dropped, and is told of what it added", () => {
  const named = advertisedMethods(4, Object.keys(METHODS));
  for (const dropped of ["node.pair.request", "node.pair.verify", "browser.request"])
    expect(named).not.toContain(dropped);
  for (const listed of ["poll", "chat.inject", "sessions.resolve", "sessions.create"]) expect(named).toContain(listed);
  expect(named.length).toBe(new Set(named).size);
});

test("[protocol:features-served] catalogue: by default only what is served is named", () => {
  for (const version of [3, 4] as const) {
    expect(advertisedMethods(version).every((name) => findMethod(name)?.status === "served")).toBe(true);
  }
  expect(advertisedMethods(3)).toContain("health");
  expect(advertisedMethods(3)).toContain("chat.send");
  expect(advertisedMethods(3)).not.toContain("cron.list");
  expect(advertisedMethods(3, ["voicecall.start", "health"])).toEqual(["health", "voicecall.start"]);
});

test("[protocol:one-contract] catalogue: every method keeps its role, its scopes, its revisions and its state", () => {
  const row = ([name, description]: [string, MethodDescription]) => {
    const { role, since, until, status, idempotent, privileged } = description;
    const scopes = [requiredScope(description, 3) ?? "-", requiredScope(description, 4) ?? "-"];
    const marks = [...(idempotent ? ["idempotent"] : []), ...(privileged ? ["privileged"] : [])];
    return [name, role, [...new Set(scopes)].join("/"), `${since}${until ? `-${until}` : ""}`, status, ...marks].join(
      " ",
    );
  };
  expect(methods.map(row)).toEqual([
    "health operator operator.read 3 served",
    "status operator operator.read 3 served",
    "system-presence operator operator.read 3 served",
    "system-event operator operator.admin 3 served",
    "last-heartbeat operator operator.read 3 planned",
    "agent operator operator.write 3 served idempotent",
    "agent.wait operator operator.write 3 served",
    "agent.identity.get operator operator.read 3 served",
    "agents.list operator operator.read 3 served",
    "models.list operator operator.read 3 served",
    "send operator operator.write 3 served idempotent",
    "poll operator operator.admin/operator.write 3 served idempotent",
    "deliveries.list operator operator.read 3 served",
    "deliveries.retry operator operator.write 3 served privileged",
    "deliveries.discard operator operator.write 3 served privileged",
    "chat.history operator operator.read 3 served",
    "chat.send operator operator.write 3 served idempotent",
    "chat.abort operator operator.write 3 served",
    "chat.inject operator operator.admin 3 served",
    "sessions.list operator operator.read 3 served",
    "sessions.preview operator operator.read 3 served",
    "sessions.resolve operator operator.admin/operator.read 3 served",
    "sessions.patch operator operator.admin 3 served",
    "sessions.reset operator operator.admin 3 served",
    "sessions.delete operator operator.admin 3 served",
    "sessions.compact operator operator.admin 3 served",
    "sessions.describe operator operator.read 4 served",
    "sessions.get operator operator.read 4 served",
    "sessions.search operator operator.read 4 planned",
    "sessions.subscribe operator operator.read 4 planned",
    "sessions.messages.subscribe operator operator.read 4 planned",
    "sessions.messages.unsubscribe operator operator.read 4 planned",
    "sessions.create operator operator.write 4 planned idempotent",
    "sessions.send operator operator.write 4 served idempotent",
    "sessions.steer operator operator.write 4 served idempotent",
    "sessions.abort operator operator.write 4 served",
    "sessions.fork operator operator.write 4 planned",
    "node.list operator operator.read 3 served",
    "node.describe operator operator.read 3 served",
    "node.invoke operator operator.write 3 served idempotent privileged",
    "node.rename operator operator.pairing 3 served",
    "node.pending.enqueue operator operator.write 4 served privileged",
    "node.pending.list operator operator.write 4 served",
    "node.pending.get operator operator.write 4 served",
    "node.pending.cancel operator operator.write 4 served privileged",
    "node.invoke.result node - 3 served",
    "node.invoke.progress node - 4 served",
    "node.event node - 3 served",
    "node.pending.drain node - 4 served",
    "node.pending.pull node - 4 planned",
    "node.pending.ack node - 4 planned",
    "node.pluginSurface.refresh node - 4 planned",
    "node.pluginTools.update node - 4 planned",
    "node.skills.update node - 4 planned",
    "node.runnerInventory.update node - 4 planned",
    "skills.bins node - 3 served",
    "node.pair.request operator operator.pairing 3-3 served",
    "node.pair.list operator operator.pairing 3 served",
    "node.pair.approve operator operator.pairing 3 served privileged",
    "node.pair.reject operator operator.pairing 3 served privileged",
    "node.pair.remove operator operator.pairing 4 served privileged",
    "node.pair.verify operator operator.pairing 3-3 served",
    "device.pair.list operator operator.pairing 3 served",
    "device.pair.approve operator operator.pairing 3 served privileged",
    "device.pair.reject operator operator.pairing 3 served privileged",
    "device.pair.remove operator operator.pairing 4 served privileged",
    "device.pair.rename operator operator.pairing 4 served",
    "device.token.rotate operator operator.pairing 3 served privileged",
    "device.token.revoke operator operator.pairing 3 served privileged",
    "device.pair.setupCode operator operator.admin 4 served privileged",
    "device.pair.setupStatus operator operator.admin 4 served",
    "device.scopes.requestUpgrade operator operator.read 4 planned",
    "device.scopes.waitUpgrade operator operator.read 4 planned",
    "exec.approval.request operator operator.approvals 3 served privileged",
    "exec.approval.resolve operator operator.approvals 3 served privileged",
    "exec.approval.get operator operator.approvals 4 served",
    "exec.approval.list operator operator.approvals 4 served",
    "exec.approval.waitDecision operator operator.approvals 4 served",
    "exec.approval.grants.list operator operator.approvals 4 planned",
    "exec.approval.grants.revoke operator operator.approvals 4 planned privileged",
    "exec.approvals.get operator operator.admin 3 served",
    "exec.approvals.set operator operator.admin 3 served privileged",
    "exec.approvals.node.get operator operator.admin 3 served",
    "exec.approvals.node.set operator operator.admin 3 served privileged",
    "config.get operator operator.admin/operator.read 3 planned",
    "config.schema operator operator.admin/operator.read 3 planned",
    "config.schema.lookup operator operator.read 4 planned",
    "config.set operator operator.admin 3 planned privileged",
    "config.patch operator operator.admin 3 planned privileged",
    "config.apply operator operator.admin 3 planned privileged",
    "config.openFile operator operator.admin 4 planned privileged",
    "wake operator operator.write 3 planned",
    "cron.list operator operator.read 3 planned",
    "cron.get operator operator.read 4 planned",
    "cron.status operator operator.read 3 planned",
    "cron.add operator operator.admin 3 planned privileged",
    "cron.update operator operator.admin 3 planned privileged",
    "cron.remove operator operator.admin 3 planned privileged",
    "cron.run operator operator.admin 3 planned privileged",
    "cron.runs operator operator.read 3 planned",
    "set-heartbeats operator operator.admin 3 planned",
    "channels.status operator operator.read 3 served",
    "channels.start operator operator.admin 4 served privileged",
    "channels.stop operator operator.admin 4 served privileged",
    "channels.logout operator operator.admin 3 served privileged",
    "web.login.start operator operator.admin 3 planned privileged",
    "web.login.wait operator operator.admin 3 planned",
    "wizard.start operator operator.admin 3 planned privileged",
    "wizard.next operator operator.admin 3 planned",
    "wizard.cancel operator operator.admin 3 planned",
    "wizard.status operator operator.admin 3 planned",
    "skills.status operator operator.read 3 planned",
    "skills.install operator operator.admin 3 planned privileged",
    "skills.update operator operator.admin 3 planned privileged",
    "talk.mode operator operator.write/operator.talk 3 planned",
    "voicewake.get operator operator.read 3 planned",
    "voicewake.set operator operator.write 3 planned",
    "tts.status operator operator.read 3 planned",
    "tts.providers operator operator.read 3 planned",
    "tts.enable operator operator.write 3 planned",
    "tts.disable operator operator.write 3 planned",
    "tts.convert operator operator.write 3 planned",
    "tts.setProvider operator operator.write 3 planned",
    "browser.request operator operator.write 3-3 planned privileged",
    "usage.status operator operator.read 3 planned",
    "usage.cost operator operator.read 3 planned",
    "logs.tail operator operator.read 3 planned",
    "update.run operator operator.admin 3 planned privileged",
  ]);
});

test("[protocol:one-contract] [R-20] catalogue: every event keeps its audience, its scope and its delivery", () => {
  const row = ([name, { audience, scope, since, status, droppable, stateful }]: [string, EventDescription]) =>
    [
      name,
      audience,
      scope ?? "-",
      since,
      status,
      ...(droppable ? ["droppable"] : []),
      ...(stateful ? ["stateful"] : []),
    ].join(" ");
  expect(events.map(row)).toEqual([
    "connect.challenge target - 3 served",
    "presence operators operator.read 3 served droppable stateful",
    "tick everyone - 3 served droppable",
    "shutdown everyone - 3 served",
    "health operators operator.read 3 served droppable stateful",
    "agent operators operator.read 3 served",
    "chat operators operator.read 3 served",
    "heartbeat operators operator.read 3 planned droppable",
    "sessions.changed target operator.read 4 planned droppable",
    "session.message target operator.read 4 planned",
    "session.tool target operator.read 4 planned droppable",
    "session.operation target operator.read 4 planned",
    "node.pair.requested operators operator.pairing 3 served",
    "node.pair.resolved operators operator.pairing 3 served",
    "node.invoke.request target - 3 served",
    "node.invoke.input target - 4 planned",
    "node.invoke.output target - 4 served",
    "node.pending.resolved operators operator.read 4 served",
    "node.changed operators operator.read 4 served droppable",
    "device.pair.requested operators operator.pairing 3 served",
    "device.pair.resolved operators operator.pairing 3 served",
    "exec.approval.requested operators operator.approvals 3 served",
    "exec.approval.resolved operators operator.approvals 3 served",
    "cron operators operator.read 3 planned droppable",
    "talk.mode operators operator.read 3 planned droppable",
    "voicewake.changed operators operator.read 3 planned droppable",
  ]);
});

test("[R-20] catalogue: an event for operators names the scope that it needs, and one for everyone says nothing private", () => {
  for (const [name, { audience, scope }] of events) {
    if (audience === "operators") expect(isScope(scope ?? ""), name).toBe(true);
    if (audience === "everyone") expect(["tick", "shutdown"]).toContain(name);
  }
});

test("[protocol:one-contract] catalogue: operators need a scope for every method, nodes for none", () => {
  for (const [name, description] of methods) {
    for (const version of [3, 4] as const) {
      const scope = requiredScope(description, version);
      if (description.role === "operator") expect(isScope(scope ?? ""), name).toBe(true);
      else expect(scope, name).toBeUndefined();
    }
  }
});

test("[protocol:one-contract] catalogue: whatever changes pairing, approvals or settings leaves a line in the owner's log", () => {
  const quiet = methods.filter(([, { privileged }]) => privileged !== true).map(([name]) => name);
  for (const name of [
    "device.pair.approve",
    "device.token.rotate",
    "node.pair.approve",
    "exec.approval.resolve",
    "config.apply",
    "update.run",
    "node.invoke",
  ]) {
    expect(quiet).not.toContain(name);
  }
});

test("[protocol:one-contract] catalogue: every description is complete and every schema can be built", () => {
  for (const [name, { summary, params, result }] of methods) {
    expect(summary, name).toMatch(/^[A-Z].*\.$/);
    expect(params().safeParse("no object").success, name).toBe(false);
    expect(typeof result().safeParse, name).toBe("function");
  }
  for (const [name, { summary, payload }] of events) {
    expect(summary, name).toMatch(/^[A-Z].*\.$/);
    expect(payload().safeParse("no object").success, name).toBe(false);
  }
});

test("[protocol:one-contract] catalogue: a method that takes an idempotency key says what a repeat gets", () => {
  for (const [name, description] of methods) {
    const shape = (description.params() as { shape?: Record<string, unknown> }).shape ?? {};
    if (description.idempotent) expect(Object.keys(shape), name).toContain("idempotencyKey");
  }
});

test("[protocol:unknown-keys-ignored] catalogue: params with keys that we don't know are accepted without them", () => {
  for (const [name, description] of methods) {
    const parsed = description.params().safeParse({ "x-later": 1 });
    if (parsed.success) expect(parsed.data, name).not.toHaveProperty("x-later");
    else
      expect(
        parsed.error.issues.map((issue) => issue.code),
        name,
      ).not.toContain("unrecognized_keys");
  }
});

test("[protocol:one-contract] catalogue: each method and each event is in exactly one family", () => {
  const inFamilies = METHOD_FAMILIES.flatMap((family) => Object.keys(family.methods));
  expect(inFamilies.sort()).toEqual(methods.map(([name]) => name).sort());
  const eventsInFamilies = EVENT_FAMILIES.flatMap((family) => Object.keys(family.events));
  expect(eventsInFamilies.sort()).toEqual(events.map(([name]) => name).sort());
});

test("[protocol:one-contract] catalogue: names that objects inherit are no methods", () => {
  for (const name of ["toString", "__proto__", "constructor", "hasOwnProperty", "", "connect"]) {
    expect(findMethod(name)).toBeUndefined();
  }
});

test("device.pair.rename: the name may come under either of its two keys", () => {
  const params = METHODS["device.pair.rename"].params();
  expect(params.parse({ deviceId: "d", displayName: " Kitchen " })).toEqual({ deviceId: "d", displayName: "Kitchen" });
  expect(params.parse({ deviceId: "d", label: "Kitchen" })).toEqual({ deviceId: "d", displayName: "Kitchen" });
  expect(params.safeParse({ deviceId: "d" }).success).toBe(false);
});
