import { connect as connectTcp, type Socket } from "node:net";
import { WebSocket } from "ws";
import { median, percentile } from "../statistics.ts";
import { connectMany, LoadClient, newLoadDevice } from "./load-client.ts";
import { amongNodes, holdNodes, introduceNodes, invokeOne, releaseNodes } from "./node-jobs.ts";
import { accepted, answered, streams, turns } from "./turn-jobs.ts";

/** The server that a job loads. */
export interface Target {
  readonly url: string;
  readonly port: number;
  readonly token: string;
}

/** Waits without doing anything else: the load generator is no test. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const now = (): number => performance.now();

/** One client, one request after another. */
async function latency(
  target: Target,
  { method, count }: { method: string; count: number },
): Promise<{ p50Us: number }> {
  const client = await LoadClient.connect(target);
  const samples: number[] = [];
  for (let index = 0; index < count * 1.25; index += 1) {
    const from = now();
    await client.request(method);
    // The first fifth only warms up.
    if (index >= count * 0.25) samples.push((now() - from) * 1_000);
  }
  await client.close();
  return { p50Us: median(samples) };
}

/** Several clients, each with several requests in flight. */
async function throughput(
  target: Target,
  { method, clients, inFlight, total }: { method: string; clients: number; inFlight: number; total: number },
): Promise<{ perSecond: number }> {
  const crowd = await connectMany(clients, () => target);
  const run = async (share: number): Promise<void> => {
    let left = share;
    const lane = async (client: LoadClient): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await client.request(method);
      }
    };
    await Promise.all(crowd.flatMap((client) => Array.from({ length: inFlight }, () => lane(client))));
  };
  await run(total / 4);
  const from = now();
  await run(total);
  const perSecond = total / ((now() - from) / 1_000);
  await Promise.all(crowd.map((client) => client.close()));
  return { perSecond };
}

/** A burst of small events to many readers. */
async function broadcast(
  target: Target,
  { readers, events }: { readers: number; events: number },
): Promise<{ perSecond: number }> {
  let expected = Number.POSITIVE_INFINITY;
  let received = 0;
  let finished = (): void => {};
  const crowd = await connectMany(readers, () => ({
    ...target,
    onEvent: (data) => {
      // Only the event of this benchmark counts, not what joining brings.
      if (data.indexOf('"event":"health"') === -1) return;
      received += 1;
      if (received === expected) finished();
    },
  }));
  const [driver] = crowd;
  if (driver === undefined) throw new Error("no readers");
  const burst = async (count: number): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    received = 0;
    expected = count * readers;
    finished = resolve;
    const from = now();
    await Promise.all([promise, ...Array.from({ length: count }, () => driver.request("health", { probe: true }))]);
    return (now() - from) / 1_000;
  };
  await burst(5);
  const seconds = await burst(events);
  await Promise.all(crowd.map((client) => client.close()));
  return { perSecond: (events * readers) / seconds };
}

/** Many devices that all see each other, and a steady stream of changes. */
async function presence(
  target: Target,
  { devices, perSecond, seconds }: { devices: number; perSecond: number; seconds: number },
): Promise<{ p50Ms: number; p99Ms: number; bytesPerSecond: number; unseen: number }> {
  const sentAt: number[] = [];
  const seen: number[][] = [];
  let bytes = 0;
  const crowd = await connectMany(devices, (index) => {
    let newest = -1;
    return {
      ...target,
      mode: "ui",
      instanceId: `instance-${index}`,
      onEvent: (data) => {
        bytes += data.byteLength;
        // The newest rows come first; the list is not parsed, or this process would be the slow one.
        const marks = data
          .subarray(0, 16_384)
          .toString("latin1")
          .matchAll(/beacon-(\d+)-/g);
        let latest = newest;
        for (const [, mark] of marks) latest = Math.max(latest, Number(mark));
        const at = now();
        // A list that holds a later change has superseded those before it.
        for (let mark = newest + 1; mark <= latest; mark += 1) seen[mark]?.push(at);
        newest = latest;
      },
    };
  });
  const [driver] = crowd;
  if (driver === undefined) throw new Error("no devices");
  await pause(500);
  bytes = 0;
  const from = now();
  const count = perSecond * seconds;
  for (let change = 0; change < count; change += 1) {
    await pause(Math.max(0, from + change * (1_000 / perSecond) - now()));
    sentAt[change] = now();
    seen[change] = [];
    void driver.request("system-event", {
      text: `Node: bench · mode ui · reason beacon-${change}-`,
      reason: `beacon-${change}-`,
      deviceId: `beacon-${change % 10}`,
    });
  }
  await pause(1_500);
  const bytesPerSecond = bytes / ((now() - from) / 1_000);
  const delays = seen.flatMap((times, change) => times.map((at) => at - (sentAt[change] ?? 0)));
  const unseen = count * devices - delays.length;
  await Promise.all(crowd.map((client) => client.close()));
  return { p50Ms: median(delays), p99Ms: percentile(delays, 0.99), bytesPerSecond, unseen };
}

/** A known device that comes back with its own token, again and again. */
async function handshakes(
  target: Target,
  { count, atOnce }: { count: number; atOnce: number },
): Promise<{ perSecond: number }> {
  const { url, token } = target;
  const devices = Array.from({ length: atOnce }, newLoadDevice);
  for (const device of devices) await (await LoadClient.connect({ url, token, device })).close();
  const run = async (rounds: number): Promise<number> => {
    const from = now();
    await Promise.all(
      devices.map(async (device) => {
        for (let round = 0; round < rounds; round += 1) {
          const back = device.deviceToken === undefined ? { token } : {};
          const client = await LoadClient.connect({ url, device, ...back });
          client.socket.terminate();
        }
      }),
    );
    return (now() - from) / 1_000;
  };
  await run(Math.ceil(count / atOnce / 4));
  const rounds = Math.ceil(count / atOnce);
  return { perSecond: (rounds * atOnce) / (await run(rounds)) };
}

const held: LoadClient[] = [];

/** Opens connections and keeps them. */
async function hold(target: Target, { connections }: { connections: number }): Promise<{ held: number }> {
  held.push(...(await connectMany(connections, () => target)));
  return { held: held.length };
}

/** Lets go of the connections that are kept. */
async function release(): Promise<{ held: number }> {
  await Promise.all(held.splice(0).map((client) => client.close()));
  return { held: 0 };
}

/** How many garbage connections there are at once. */
const GARBAGE_LANES = 20;

type Disturbance = "slow-reader" | "garbage" | "half-open";

/** How others fare while somebody misbehaves. */
async function disturbed(
  target: Target,
  { by, count }: { by: Disturbance; count: number },
): Promise<{ quietP99Us: number; busyP99Us: number; helloMs: number }> {
  const other = await LoadClient.connect(target);
  const measure = async (untilDone: () => boolean, atLeast: number): Promise<number> => {
    const samples: number[] = [];
    while (samples.length < atLeast || !untilDone()) {
      const from = now();
      await other.request("system-presence");
      samples.push((now() - from) * 1_000);
      await pause(1);
    }
    return percentile(samples, 0.99);
  };
  await measure(() => true, 300);
  const quietP99Us = await measure(() => true, 1_500);
  let done = false;
  const trouble = DISTURBANCES[by](target, count).finally(() => {
    done = true;
  });
  const busy = measure(() => done, 1_500);
  const hellos: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    const from = now();
    const client = await LoadClient.connect(target);
    hellos.push(now() - from);
    await client.close();
    await pause(25);
  }
  const busyP99Us = await busy;
  (await trouble)();
  await other.close();
  return { quietP99Us, busyP99Us, helloMs: Math.max(...hellos) };
}

/** Each misbehaves, and resolves with what ends the misbehaviour. */
const DISTURBANCES: Readonly<Record<Disturbance, (target: Target, count: number) => Promise<() => void>>> = {
  async "slow-reader"(target, count) {
    const slow = await LoadClient.connect(target);
    const driver = await LoadClient.connect(target);
    slow.socket.pause();
    for (let event = 0; event < count; event += 1) {
      void slow.request("system-presence");
      await driver.request("health", { probe: true });
    }
    return () => {
      slow.socket.terminate();
      driver.socket.terminate();
    };
  },
  async garbage(target, count) {
    let left = count;
    // Two seconds for all of them: at full speed this machine's cores would be what is measured.
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await pause(GARBAGE_LANES * (2_000 / count));
        await new Promise<void>((resolve) => {
          const socket = new WebSocket(target.url, { perMessageDeflate: false });
          socket.on("message", () => socket.send("\u0000garbage"));
          socket.on("error", () => {});
          socket.on("close", () => resolve());
        });
      }
    };
    await Promise.all(Array.from({ length: GARBAGE_LANES }, lane));
    return () => {};
  },
  async "half-open"(target, count) {
    const sockets: Socket[] = [];
    for (let index = 0; index < count; index += 1) {
      const socket = connectTcp({ port: target.port, host: "127.0.0.1" });
      socket.on("error", () => {});
      // Half of them never finish their HTTP request, half never answer the challenge.
      const head = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n";
      const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
      socket.write(index % 2 === 0 ? head : `${head}${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
      sockets.push(socket);
      await pause(2);
    }
    await pause(500);
    return () => {
      for (const socket of sockets) socket.destroy();
    };
  },
};

/** Everything that the load generator can be told to do. */
export const JOBS = {
  latency,
  throughput,
  broadcast,
  presence,
  handshakes,
  hold,
  release,
  disturbed,
  invokeOne,
  introduceNodes,
  holdNodes,
  amongNodes,
  releaseNodes,
  turns,
  streams,
  accepted,
  answered,
} as const;
export type JobName = keyof typeof JOBS;
