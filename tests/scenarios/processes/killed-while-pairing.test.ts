import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  ClientError,
  type DeviceIdentity,
  type GatewayClient,
  GatewayError,
  memoryTokenStore,
  type TokenStore,
} from "@saltgate/client";
import { expect, test } from "vitest";
import { newClient, newDevice, OWNER } from "../../support/device.ts";
import { type ForwardingProxy, startForwardingProxy } from "../../support/forwarding-proxy.ts";
import { GatewayProcess } from "../../support/gateway.ts";
import { type Random, seededRandom } from "../../support/random.ts";
import { CANARY, Sandbox } from "../../support/sandbox.ts";

const KILLS = Number(process.env["SALTGATE_KILLS"] ?? 30);
const DEVICES = 8;
const STRANGERS = 2;
const OWNERS = 3;

/** Whether a device may be in. Two entries: an order was under way when the gateway died, and either is right. */
type Possible = readonly boolean[];

/** A device, and what its owner's acknowledged orders say of it. Its orders come one after another. */
interface Tracked {
  readonly identity: DeviceIdentity;
  readonly tokens: TokenStore;
  /** Nobody ever approves a stranger. */
  readonly isStranger: boolean;
  possible: Possible;
  /** Whether it was told its token since it was last let in for sure, so that the token alone must open. */
  hasToken: boolean;
}

interface Counts {
  approved: number;
  rejected: number;
  revoked: number;
  removed: number;
  rotated: number;
  uncertain: number;
}

/** The gateway is the same one on whatever port it starts. */
function ofOneGateway(store: TokenStore): TokenStore {
  const origin = "ws://127.0.0.1:18789";
  return {
    read: (key) => store.read({ ...key, origin }),
    write: (key, token) => store.write({ ...key, origin }, token),
    remove: (key, token) => store.remove({ ...key, origin }, token),
  };
}

/** A connection that ended, or never came about: the gateway was killed. Anything else is a failure of the test. */
function isDeath(error: unknown): boolean {
  return (
    error instanceof ClientError && ["CLOSED", "UNREACHABLE", "NOT_CONNECTED", "UPGRADE_REFUSED"].includes(error.code)
  );
}

/** Connects a device from elsewhere. True when it is let in, the request's id when it has to wait. */
async function knock(
  device: Tracked,
  proxy: ForwardingProxy,
  token: string | undefined,
): Promise<GatewayClient | string> {
  const client = newClient({
    url: `ws://127.0.0.1:${proxy.port}`,
    token,
    identity: device.identity,
    tokenStore: device.tokens,
    scopes: ["operator.read"],
    reconnect: false,
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.close();
    if (error instanceof GatewayError && error.detailCode === "PAIRING_REQUIRED")
      return String(error.details["requestId"]);
    throw error;
  }
}

/** One order for one device, by its owner; tells the model what is certain and what isn't. */
async function orderOnce(
  device: Tracked,
  owner: GatewayClient,
  proxy: ForwardingProxy,
  random: Random,
  counts: Counts,
): Promise<void> {
  const { deviceId } = device.identity;
  const knocked = await knock(device, proxy, CANARY);
  /** Sends an order after which the device may be in, or not. */
  const order = async (after: boolean, send: () => Promise<unknown>): Promise<void> => {
    device.possible = [...new Set([...device.possible, after])];
    await send();
    device.possible = [after];
    if (!after) device.hasToken = false;
  };
  if (typeof knocked === "string") {
    if (device.isStranger || random.below(4) === 0) {
      await owner.request("device.pair.reject", { requestId: knocked });
      counts.rejected += 1;
      return;
    }
    await order(true, () => owner.request("device.pair.approve", { requestId: knocked }));
    counts.approved += 1;
    return;
  }
  device.hasToken = true;
  await knocked.close();
  switch (random.pick(["revoke", "remove", "rotate", "stay", "stay"])) {
    case "revoke":
      device.hasToken = false;
      await order(false, () => owner.request("device.token.revoke", { deviceId, role: "operator" }));
      counts.revoked += 1;
      return;
    case "remove":
      device.hasToken = false;
      await order(false, () => owner.request("device.pair.remove", { deviceId }));
      counts.removed += 1;
      return;
    case "rotate":
      await owner.request("device.token.rotate", { deviceId, role: "operator" });
      counts.rotated += 1;
      return;
    default:
  }
}

/** What the files of a gateway that is dead say, read as anybody would. */
async function readFiles(sandbox: Sandbox): Promise<void> {
  const names = await readdir(sandbox.path("devices"));
  for (const name of names.filter((file) => file.endsWith(".json")))
    JSON.parse(await readFile(join(sandbox.path("devices"), name), "utf8"));
}

/** After a restart every device is exactly where its owner's acknowledged orders put it. */
async function verify(devices: readonly Tracked[], proxy: ForwardingProxy, where: string): Promise<void> {
  for (const device of devices) {
    if (device.hasToken) {
      const alone = await knock(device, proxy, undefined);
      expect(typeof alone, `${where}: a token that was issued opens alone`).not.toBe("string");
      if (typeof alone !== "string") await alone.close();
    }
    const knocked = await knock(device, proxy, CANARY);
    const isIn = typeof knocked !== "string";
    expect(
      device.possible,
      `${where}: ${device.isStranger ? "a stranger" : "a device"} is ${isIn ? "in" : "out"}`,
    ).toContain(isIn);
    device.possible = [isIn];
    if (isIn) {
      device.hasToken = true;
      await knocked.close();
    }
  }
}

test(`[scenario:kill-while-pairing] a gateway that is killed ${KILLS} times while its owners approve, reject, revoke, remove and rotate forgets nothing that it acknowledged, and lets nobody in whom nobody approved`, {
  timeout: 60_000 + KILLS * 6_000,
}, async () => {
  const random = seededRandom();
  console.log(`killed-while-pairing: SALTGATE_SEED=${random.seed} SALTGATE_KILLS=${KILLS}`);
  await using sandbox = await Sandbox.create();
  await sandbox.configure({ gateway: { auth: { token: CANARY }, trustedProxies: ["127.0.0.1"] } });
  const devices: Tracked[] = await Promise.all(
    Array.from({ length: DEVICES + STRANGERS }, async (_, index) => ({
      identity: await newDevice(),
      tokens: ofOneGateway(memoryTokenStore()),
      isStranger: index >= DEVICES,
      possible: [false],
      hasToken: false,
    })),
  );
  const ownerDevices = await Promise.all(Array.from({ length: OWNERS }, newDevice));
  const counts: Counts = { approved: 0, rejected: 0, revoked: 0, removed: 0, rotated: 0, uncertain: 0 };
  const someAddress = (): string => `203.0.113.${1 + random.below(250)}`;
  for (let round = 1; round <= KILLS; round += 1) {
    await using gateway = await GatewayProcess.start(sandbox);
    await using proxy = await startForwardingProxy(gateway.port, someAddress);
    await verify(devices, proxy, `seed ${random.seed}, start ${round}`);
    const owners = await Promise.all(
      ownerDevices.map(async (identity) => {
        const owner = newClient({ url: gateway.url, token: CANARY, identity, scopes: OWNER, reconnect: false });
        await owner.connect();
        return owner;
      }),
    );
    // Every device has its own stream of orders, over one of the owners' connections; all run at once, until the
    // gateway dies in the middle of some of them.
    let acknowledged = 0;
    const enough = 1 + random.below(24);
    const delayMs = random.below(12);
    const { promise: due, resolve: strike } = Promise.withResolvers<void>();
    const streams = devices.map(async (device, index) => {
      const owner = owners[index % OWNERS];
      if (owner === undefined) return;
      try {
        for (;;) {
          await orderOnce(device, owner, proxy, random, counts);
          acknowledged += 1;
          if (acknowledged === enough) strike();
        }
      } catch (error) {
        strike();
        if (!isDeath(error)) throw error;
        if (device.possible.length > 1) counts.uncertain += 1;
      }
    });
    await due;
    // Not a wait for anything: it only chooses the moment.
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await gateway.kill();
    const ended = await Promise.allSettled(streams);
    for (const stream of ended) if (stream.status === "rejected") throw stream.reason;
    await Promise.all(owners.map((owner) => owner.close()));
    await readFiles(sandbox);
  }
  await using last = await GatewayProcess.start(sandbox);
  await using proxy = await startForwardingProxy(last.port, someAddress);
  await verify(devices, proxy, `seed ${random.seed}, last start`);
  expect(await last.stop()).toBe(0);
  expect((await readdir(sandbox.path("devices"))).sort()).toEqual(["paired.json", "pending.json"]);
  console.log(`killed-while-pairing: ${JSON.stringify(counts)}`);
  // The run meant something: orders of every kind were acknowledged, and some were under way at a death.
  for (const kind of ["approved", "rejected", "revoked", "removed", "rotated"] as const)
    expect(counts[kind], kind).toBeGreaterThan(0);
});
