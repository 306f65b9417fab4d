import { fileTokenStore } from "@saltgate/client/node";
import { describe, expect, test } from "vitest";
import { Child } from "../../support/child.ts";
import { Diary, newClient, newDevice, OWNER, stateOf } from "../../support/device.ts";
import { startForwardingProxy } from "../../support/forwarding-proxy.ts";
import { GatewayProcess } from "../../support/gateway.ts";
import { openNetworkNamespace, whyNoNamespaces } from "../../support/network-namespace.ts";
import { CANARY, Sandbox } from "../../support/sandbox.ts";

const laptop = new URL("../../support/laptop.ts", import.meta.url).pathname;

describe("a device elsewhere", () => {
  test("[scenario:remote-device] [R-13] a device behind a proxy asks and waits, its owner approves it with one command, it comes back with its own token alone, and revoking ends it at once", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    await using proxy = await startForwardingProxy(gateway.port);
    const token = await gateway.token();

    // The owner's other client, which shows what happens with devices.
    const seen = new Diary<{ event: string; payload: Record<string, unknown> }>();
    await using watcher = newClient({ url: gateway.url, token, identity: await newDevice(), scopes: OWNER });
    for (const event of ["device.pair.requested", "device.pair.resolved"] as const)
      watcher.on(event, ({ payload }) => seen.add({ event, payload: { ...payload } }));
    await watcher.connect();

    const identity = await newDevice();
    const tokenStore = fileTokenStore(sandbox.path("..", "laptop", "tokens.json"));
    const elsewhere = {
      url: `ws://127.0.0.1:${proxy.port}`,
      identity,
      tokenStore,
      client: { displayName: "Laptop elsewhere" },
      scopes: ["operator.read"],
    };
    await using first = newClient({ ...elsewhere, token, waitForApproval: true });
    const connected = first.connect();
    const waiting = await stateOf(first, "waiting", ({ requestId }) => requestId !== undefined);
    expect(waiting.error).toMatchObject({ detailCode: "PAIRING_REQUIRED" });
    const requested = await seen.until(({ event }) => event === "device.pair.requested");
    expect(requested.payload).toMatchObject({ requestId: waiting.requestId, deviceId: identity.deviceId });

    const list = await gateway.run(["devices", "list"]);
    expect(list.stdout).toContain("Laptop elsewhere");
    const command = /^Let one in: saltgate (.*) <request>$/m.exec(list.stdout)?.[1]?.split(" ") ?? [];
    expect(await gateway.run([...command, waiting.requestId ?? ""])).toMatchObject({ exit: 0 });
    const resolved = await seen.until(
      ({ event, payload }) => event === "device.pair.resolved" && payload["requestId"] === waiting.requestId,
    );
    expect(resolved.payload).toMatchObject({ decision: "approved" });
    first.resume();
    const hello = await connected;
    expect(hello.auth).toMatchObject({ role: "operator", scopes: ["operator.read"], deviceToken: expect.any(String) });
    expect(await first.request("health")).toMatchObject({ ok: true });
    await expect(first.request("device.pair.list")).rejects.toMatchObject({ detailCode: "MISSING_SCOPE" });
    await first.close();

    // Stopped and started again: nothing but its key and its own token.
    await using second = newClient(elsewhere);
    expect((await second.connect()).auth).toMatchObject({ scopes: ["operator.read"] });

    const lost = stateOf(second, "waiting");
    const revoked = await gateway.run(["devices", "revoke", identity.deviceId]);
    expect(revoked).toMatchObject({ exit: 0 });
    expect((await lost).error).toMatchObject({ code: "CLOSED" });
    const { error } = await stateOf(second, "paused");
    expect(error).toMatchObject({ detailCode: expect.stringMatching(/^AUTH_|^PAIRING_REQUIRED$/) });
    expect(await gateway.stop()).toBe(0);
  });

  test("[scenario:remote-device] [R-02] a rejected device stays out, and neither a wrong secret nor a claim to be local lets it in", async () => {
    await using sandbox = await Sandbox.create();
    await using gateway = await GatewayProcess.start(sandbox);
    const token = await gateway.token();
    for (const clientIp of ["203.0.113.9", "127.0.0.1", "localhost", "::1"]) {
      await using proxy = await startForwardingProxy(gateway.port, clientIp);
      const url = `ws://127.0.0.1:${proxy.port}`;
      await using client = newClient({ url, token, identity: await newDevice(), scopes: OWNER, reconnect: false });
      await expect(client.connect()).rejects.toMatchObject({ detailCode: "PAIRING_REQUIRED" });
      const { requestId = "" } = await stateOf(client, "paused");
      expect(await gateway.run(["devices", "reject", requestId])).toMatchObject({ exit: 0 });
      await using guesser = newClient({ url, token: CANARY, identity: await newDevice(), reconnect: false });
      await expect(guesser.connect()).rejects.toMatchObject({ detailCode: "AUTH_TOKEN_MISMATCH" });
    }
    const { pending, paired } = (await gateway.run(["devices", "list", "--json"])).json<Record<string, unknown[]>>();
    expect({ pending: pending?.length, paired: paired?.length }).toEqual({ pending: 0, paired: 1 });
  });

  const noNamespaces = whyNoNamespaces();
  test(
    noNamespaces === undefined
      ? "[scenario:remote-device-network] a device in another network namespace asks over a real address, waits, is approved, and comes back with its own token"
      : `[scenario:remote-device-network] no device asks over a real address here: ${noNamespaces}`,
    async () => {
      if (noNamespaces !== undefined) return expect(whyNoNamespaces()).toBe(noNamespaces);
      using network = openNetworkNamespace();
      await using sandbox = await Sandbox.create();
      await sandbox.configure({
        gateway: { bind: "custom", customBindHost: network.hostAddress, auth: { token: CANARY } },
      });
      await using gateway = await GatewayProcess.start(sandbox);
      const url = `ws://${network.hostAddress}:${gateway.port}`;
      // A program on the other side: it has the shared token once, and afterwards only what it was issued.
      const start = (words: readonly string[]): Child =>
        new Child(
          network.prefix[0] ?? "ip",
          [...network.prefix.slice(1), process.execPath, "--conditions=@saltgate/source", laptop, ...words],
          {
            env: { ...sandbox.env, LAPTOP_STATE: sandbox.path("..", "laptop") },
          },
        );
      await using first = start([url, CANARY]);
      const requestId = await first.until("it waits", ({ stdout }) => /^waiting (\S+)$/m.exec(stdout)?.[1]);
      // Its owner's commands come over loopback, whatever address others use.
      const approved = await gateway.run(["devices", "approve", requestId, "--url", `ws://127.0.0.1:${gateway.port}`]);
      expect(approved).toMatchObject({ exit: 0 });
      await first.until("it is in", ({ stdout }) => /^connected operator operator\.read$/m.exec(stdout)?.[0]);
      expect(await first.ended()).toEqual({ code: 0, signal: null });
      await using second = start([url]);
      await second.until("it is back", ({ stdout }) => /^connected operator operator\.read$/m.exec(stdout)?.[0]);
      expect(await second.ended()).toEqual({ code: 0, signal: null });
    },
  );
});
