import { nodeHostStatsSchema } from "@saltgate/protocol";
import { describe, expect, test } from "vitest";
import { refusal } from "../../../tests/support/scripted-gateway.ts";
import { SteppedClock } from "../../../tooling/emulators/src/suite/stepped-clock.ts";
import { readHostStats, thisMachine } from "../src/host-stats.ts";
import { wakeSign, watchForWaking } from "../src/wake-watch.ts";
import { helloNode, startWorld } from "./support/world.ts";

describe("staying", () => {
  test("[node-host:waits-for-approval] staying: a node that must be approved asks again gently until it is", async () => {
    let isApproved = false;
    const script = {
      connect: () =>
        isApproved
          ? helloNode()
          : refusal("NOT_PAIRED", "PAIRING_REQUIRED", {}, { requestId: "r-1", pauseReconnect: true }),
    };
    const starting = startWorld([], { script, reconnect: { minDelayMs: 10, maxDelayMs: 20 }, clock: realClock });
    isApproved = await new Promise((resolve) => setImmediate(() => resolve(false)));
    isApproved = true;
    await using at = await starting;
    expect(at.host.state.status).toBe("connected");
  });

  test("[node-host:never-lost] staying: what only a person can mend is tried again after minutes, without anybody's help", async () => {
    let isWrong = false;
    await using at = await startWorld([], {
      script: { connect: () => (isWrong ? refusal("INVALID_REQUEST", "AUTH_TOKEN_MISMATCH") : helloNode()) },
    });
    isWrong = true;
    const paused = new Promise<void>((resolve) => at.host.onState(({ status }) => status === "paused" && resolve()));
    at.far.sockets[0]?.socket.terminate();
    while (at.host.state.status !== "waiting") await new Promise((resolve) => setImmediate(resolve));
    at.clock.advance(1_000);
    await paused;
    isWrong = false;
    at.clock.advance(299_999);
    expect(at.host.state.status).toBe("paused");
    const back = new Promise<void>((resolve) => at.host.onState(({ status }) => status === "connected" && resolve()));
    at.clock.advance(1);
    await back;
  });

  test("[node-host:sleep] staying: after the machine has slept a connection that died is replaced within seconds", async () => {
    await using at = await startWorld([], { script: { request: () => "silence" } });
    at.clock.jump(3_600_000); // nothing ran in the meantime
    at.clock.advance(10_000);
    const asked = await at.far.until(() => at.far.requests.find(({ method }) => method === "health"));
    expect(asked).toBeDefined();
    const lost = new Promise<void>((resolve) => at.host.onState(({ status }) => status === "waiting" && resolve()));
    at.clock.advance(5_000);
    await lost;
  });

  test("staying: signs of waking are a late look and another network, and a clock that is set back is none", () => {
    const at = (atMs: number, network = "wlan0 10.0.0.2") => ({ atMs, network });
    expect(wakeSign(at(0), at(10_000))).toBeUndefined();
    expect(wakeSign(at(0), at(14_999))).toBeUndefined();
    expect(wakeSign(at(0), at(15_001))).toBe("slept");
    expect(wakeSign(at(0), at(10_000, "wwan0 100.64.0.9"))).toBe("network");
    expect(wakeSign(at(100_000), at(5))).toBeUndefined();
  });

  test("staying: looks go on until they are ended", () => {
    const clock = new SteppedClock();
    const signs: string[] = [];
    let network = "a";
    const stop = watchForWaking(
      clock,
      () => network,
      (sign) => signs.push(sign),
    );
    clock.advance(30_000);
    network = "b";
    clock.advance(30_000);
    expect(signs).toEqual(["network"]);
    stop();
    expect(clock.waits()).toEqual([]);
  });
});

describe("host stats", () => {
  test("[node-host:presence] host stats: they are told once after connecting and then every minute, in the protocol's shape", async () => {
    await using at = await startWorld([], { statsIntervalMs: 60_000, stateFolder: "/" });
    const told = (): { event: string; payloadJSON: string }[] => at.sent("node.event");
    await at.far.until(() => told()[0]);
    for (let round = 2; round <= 3; round += 1) {
      while (!at.clock.waits().includes(60_000)) await new Promise((resolve) => setImmediate(resolve));
      at.clock.advance(60_000);
      await at.far.until(() => told()[round - 1]);
    }
    const [{ event, payloadJSON } = { event: "", payloadJSON: "" }] = told();
    expect(event).toBe("node.presence.alive");
    const { host } = JSON.parse(payloadJSON) as { host: Record<string, number> };
    expect(nodeHostStatsSchema().parse(host)).toEqual(host);
    expect(host["memoryTotalBytes"]).toBeGreaterThan(0);
    expect(host["diskTotalBytes"]).toBeGreaterThan(0);
    expect(host["runningCommands"]).toBe(0);
  });

  test("host stats: what a machine can't say is left out, and a Pi's temperature is in degrees", async () => {
    const none = () => Promise.reject(new Error("ENOENT"));
    const bare = { ...thisMachine, platform: "win32", statfs: none, readFile: none };
    const stats = await readHostStats(bare, 5, "/nowhere");
    expect(stats).not.toHaveProperty("loadAverage");
    expect(stats).not.toHaveProperty("diskTotalBytes");
    expect(stats).not.toHaveProperty("temperatureCelsius");
    expect(nodeHostStatsSchema().parse(stats)).toEqual(stats);
    const pi = { ...thisMachine, platform: "linux", readFile: async () => "48312\n", loadavg: () => [0.128, 0.5, 1] };
    expect(await readHostStats(pi, 5)).toMatchObject({ temperatureCelsius: 48.3, loadAverage: [0.13, 0.5, 1], ts: 5 });
    expect(await readHostStats({ ...pi, readFile: async () => "no number" }, 5)).not.toHaveProperty(
      "temperatureCelsius",
    );
  });
});

const realClock = {
  now: () => Date.now(),
  after(delayMs: number, task: () => void) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
