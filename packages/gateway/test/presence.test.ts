import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Peer } from "../src/connection/peer.ts";
import { parsePresenceLine } from "../src/presence/presence-line.ts";
import { PresenceList } from "../src/presence/presence-list.ts";
import { newDevice, startWorld } from "./support/world.ts";

function peer(
  change: {
    deviceId?: string;
    connId?: string;
    instanceId?: string;
    mode?: string;
    role?: Peer["role"];
    scopes?: string[];
  } = {},
): Peer {
  return {
    connId: change.connId ?? "c1",
    version: 4,
    role: change.role ?? "operator",
    scopes: change.scopes ?? ["operator.read"],
    deviceId: change.deviceId,
    client: {
      id: "app",
      mode: change.mode ?? "ui",
      displayName: "Mina's Mac",
      version: "1",
      platform: "macos 15",
      deviceFamily: "Mac",
      modelIdentifier: undefined,
      instanceId: change.instanceId,
    },
    authMethod: "token",
    local: false,
    asksFor: [],
    remoteIp: "203.0.113.9",
  };
}

function listAt(start = 1_000_000) {
  const clock = { now: start };
  const list = new PresenceList(
    () => ({ host: "harbor", mode: "gateway", reason: "self", ts: clock.now }),
    () => clock.now,
  );
  return { clock, list };
}

describe("presence", () => {
  test("[gateway:presence-device] presence: the operator and the node of one device are one row, with both roles and all scopes", () => {
    const { list } = listAt();
    list.join(peer({ deviceId: "D1" }));
    list.join(peer({ deviceId: "d1", connId: "c2", role: "node", scopes: [] }));
    expect(list.list().filter(({ deviceId }) => deviceId?.toLowerCase() === "d1")).toMatchObject([
      { roles: ["operator", "node"], scopes: ["operator.read"], reason: "connect", ip: "203.0.113.9" },
    ]);
  });

  test("[gateway:presence-cli] presence: a command line leaves no row", () => {
    const { list } = listAt();
    expect(list.join(peer({ mode: "cli" }))).toBe(false);
    expect(list.list()).toHaveLength(1);
  });

  test("[gateway:presence-life] presence: a row without news is gone after five minutes, one that is refreshed stays, and the newest come first", () => {
    const { clock, list } = listAt();
    list.join(peer({ deviceId: "old" }));
    list.join(peer({ deviceId: "live" }));
    clock.now += 200_000;
    list.refresh(peer({ deviceId: "live" }));
    clock.now += 150_000;
    expect(list.list().map(({ deviceId }) => deviceId)).toEqual([undefined, "live"]);
  });

  test("[gateway:presence-bounded] presence: more than two hundred rows are never kept", () => {
    const { list } = listAt();
    for (let index = 0; index < 5_000; index += 1) list.report({ text: `Node: host-${index} · mode ui` });
    expect(list.size).toBeLessThan(200);
    expect(list.list()).toHaveLength(200);
    expect(list.list().some(({ host }) => host === "host-4999")).toBe(true);
  });

  test("[gateway:system-event] presence: explicit values win over those in the text, and those over what was known", () => {
    const { list } = listAt();
    list.report({
      text: "Node: box (10.0.0.2) · app 1.0 · last input 7s ago · mode ui · reason launch",
      deviceId: "d1",
    });
    list.report({ text: "Node: box · app 1.1", deviceId: "d1", mode: "node" });
    expect(list.list().find(({ deviceId }) => deviceId === "d1")).toMatchObject({
      host: "box",
      ip: "10.0.0.2",
      version: "1.1",
      mode: "node",
      lastInputSeconds: 7,
      reason: "launch",
    });
  });

  test("[gateway:system-event] presence: a presence line reaches the main session only with what changed; other text as it is", () => {
    const { list } = listAt();
    expect(list.report({ text: "Node: box (10.0.0.2) · app 1.0 · mode ui · reason launch" }).systemEvent).toBe(
      "Node: box · ip 10.0.0.2 · app 1.0 · mode ui · reason launch",
    );
    expect(
      list.report({ text: "Node: box (10.0.0.2) · app 1.0 · mode ui · reason periodic" }).systemEvent,
    ).toBeUndefined();
    expect(list.report({ text: "Node: box (10.0.0.3) · app 1.0 · mode ui · reason periodic" }).systemEvent).toBe(
      "ip 10.0.0.3",
    );
    expect(list.report({ text: "dinner is ready" }).systemEvent).toBe("dinner is ready");
  });

  test("[gateway:fuzz-presence] presence: no text makes reading a presence line throw, and what it finds is short", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string().map((text) => `Node: ${text}`),
          fc
            .array(fc.constantFrom("Node: a", "(b)", "·", "app", "mode x", "last input 5s ago"))
            .map((parts) => parts.join(" ")),
        ),
        (text) => {
          const line = parsePresenceLine(text);
          for (const value of Object.values(line ?? {})) expect(String(value).length).toBeLessThanOrEqual(256);
        },
      ),
    );
  });

  test("[gateway:presence-snapshot] presence: hello-ok already shows who just came, and everybody is told", async () => {
    await using world = await startWorld();
    const watcher = world.dial();
    await watcher.connect({ scopes: ["operator.read"], client: { mode: "ui", instanceId: "watcher" } });
    const device = await newDevice();
    const newcomer = world.dial();
    const { payload } = await newcomer.connect({
      device,
      scopes: ["operator.read"],
      client: { mode: "ui", displayName: "Mina's Mac" },
    });
    const { presence } = (payload as { snapshot: { presence: { deviceId?: string }[] } }).snapshot;
    expect(presence.some(({ deviceId }) => deviceId === device.deviceId)).toBe(true);
    type Payload = { presence: { deviceId?: string; reason?: string }[] };
    await watcher.event("presence", (told: Payload) =>
      told.presence.some((row) => row.deviceId === device.deviceId && row.reason === "connect"),
    );
    newcomer.hangUp();
    await watcher.event("presence", (told: Payload) =>
      told.presence.some((row) => row.deviceId === device.deviceId && row.reason === "disconnect"),
    );
  });
});
