import { expect, test } from "vitest";
import { newClient, newDevice, OWNER, stateOf } from "../../support/device.ts";
import { startForwardingProxy } from "../../support/forwarding-proxy.ts";
import { GatewayProcess } from "../../support/gateway.ts";
import { CANARY, Sandbox } from "../../support/sandbox.ts";

const DEVICES = 16;

interface Listed {
  readonly paired: readonly {
    deviceId: string;
    displayName?: string | undefined;
  }[];
  readonly pending: readonly unknown[];
}

/** Asks until the answer is the right one; a wrong one for good ends with the test. */
async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<void> {
  while (!isRight(await ask()));
}

test("[scenario:two-writers] a gateway and commands that work on its files at the same time lose nothing of each other", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.configure({ gateway: { auth: { token: CANARY }, trustedProxies: ["127.0.0.1"] } });
  await using gateway = await GatewayProcess.start(sandbox);
  let address = 0;
  await using proxy = await startForwardingProxy(gateway.port, () => `203.0.113.${(address++ % 250) + 1}`);
  await using owner = newClient({ url: gateway.url, token: CANARY, identity: await newDevice(), scopes: OWNER });
  await owner.connect();
  const asking = await Promise.all(
    Array.from({ length: DEVICES }, async () => {
      const identity = await newDevice();
      const client = newClient({
        url: `ws://127.0.0.1:${proxy.port}`,
        token: CANARY,
        identity,
        scopes: ["operator.read"],
        reconnect: false,
      });
      await client.connect().catch(() => undefined);
      const { requestId = "" } = await stateOf(client, "paused");
      return { identity, client, requestId };
    }),
  );
  // What makes a command take the state folder: it looks where nobody answers, though a gateway holds the files.
  const offline = { env: { ...sandbox.env, SALTGATE_GATEWAY_PORT: "1" } };
  const byGateway = asking.filter((_, index) => index % 2 === 0);
  const byCommand = asking.filter((_, index) => index % 2 === 1);
  const answers = await Promise.all([
    ...byGateway.map(async ({ requestId }) => {
      await owner.request("device.pair.approve", { requestId });
      return 0;
    }),
    ...byCommand.map(async ({ requestId }) => {
      const { exit, stdout } = await sandbox.run(["devices", "approve", requestId], offline);
      expect(stdout).toContain(`the running gateway (process ${gateway.pid})`);
      return exit;
    }),
  ]);
  expect(answers).toEqual(asking.map(() => 0));
  const ids = asking.map(({ identity }) => identity.deviceId);
  const isComplete = ({ pending, paired }: Listed): boolean =>
    pending.length === 0 && ids.every((id) => paired.some(({ deviceId }) => deviceId === id));
  // The files say so at once; the gateway hears of what others wrote a moment later.
  const onDisk = async (): Promise<Listed> =>
    (await sandbox.run(["devices", "list", "--json"], offline)).json<Listed>();
  expect(isComplete(await onDisk())).toBe(true);
  await until(() => owner.request("device.pair.list"), isComplete);
  // Names by the one, tokens by the other: both halves of every record are there afterwards.
  for (const { client } of asking) client.resume();
  const issued = await Promise.all(
    asking.map(async ({ client }) => (await stateOf(client, "connected")).hello.auth?.deviceToken),
  );
  await Promise.all([
    ...asking.map(({ identity }) =>
      owner.request("device.token.rotate", { deviceId: identity.deviceId, role: "operator" }),
    ),
    ...byCommand.map(async ({ identity }) => {
      const name = `named ${identity.deviceId.slice(0, 6)}`;
      expect(await sandbox.run(["devices", "rename", identity.deviceId, name], offline)).toMatchObject({ exit: 0 });
    }),
  ]);
  const isNamed = ({ paired }: Listed): boolean =>
    byCommand.every(({ identity: { deviceId } }) =>
      paired.some((row) => row.deviceId === deviceId && row.displayName === `named ${deviceId.slice(0, 6)}`),
    );
  expect(isNamed(await onDisk())).toBe(true);
  await until(() => owner.request("device.pair.list"), isNamed);
  const exchanged = await Promise.all(asking.map(async ({ client }) => (await client.connect()).auth?.deviceToken));
  for (const [index, token] of exchanged.entries()) {
    expect(token).toEqual(expect.any(String));
    expect(token).not.toBe(issued[index]);
  }
  await Promise.all(asking.map(({ client }) => client.close()));
});

test("[scenario:two-writers] a command that revokes in the files ends the device's connection at the gateway that runs on them", async () => {
  await using sandbox = await Sandbox.create();
  await using gateway = await GatewayProcess.start(sandbox);
  await using proxy = await startForwardingProxy(gateway.port);
  const identity = await newDevice();
  await using client = newClient({
    url: `ws://127.0.0.1:${proxy.port}`,
    token: await gateway.token(),
    identity,
    scopes: ["operator.read"],
    reconnect: false,
  });
  await client.connect().catch(() => undefined);
  const { requestId = "" } = await stateOf(client, "paused");
  expect(await gateway.run(["devices", "approve", requestId])).toMatchObject({ exit: 0 });
  await client.connect();
  const lost = stateOf(client, "idle");
  const offline = { env: { ...sandbox.env, SALTGATE_GATEWAY_PORT: "1" } };
  expect(await sandbox.run(["devices", "revoke", identity.deviceId], offline)).toMatchObject({ exit: 0 });
  expect((await lost).error).toMatchObject({ code: "CLOSED" });
});
