import { describe, expect, test } from "vitest";
import { helloV3, helloV4, refusal, startScripted, wordsOnly } from "../../../tests/support/scripted-gateway.ts";
import { createDeviceIdentity, GatewayClient, type GatewayClientOptions, memoryTokenStore } from "../src/index.ts";

const INVITATION = "one-time-code-of-an-invitation-7Q";
const node = (url: string, options: Partial<GatewayClientOptions> = {}): GatewayClient =>
  new GatewayClient({
    url,
    role: "node",
    scopes: [],
    client: { id: "node-host", mode: "node", version: "1.2.3", platform: "linux", displayName: "rack-2" },
    caps: ["system"],
    commands: ["system.run", "system.which"],
    permissions: { "camera.capture": false },
    pathEnv: "/usr/bin:/bin",
    reconnect: false,
    ...options,
  });

describe("node role", () => {
  test("node role: the request says what the node can do, and is signed for the role", async () => {
    await using far = await startScripted({ connect: () => helloV4({ role: "node", scopes: [] }) });
    await using client = node(far.url, { identity: await createDeviceIdentity(), token: "shared" });
    await client.connect();
    const [params] = far.connects;
    expect(params).toMatchObject({
      role: "node",
      scopes: [],
      caps: ["system"],
      commands: ["system.run", "system.which"],
      permissions: { "camera.capture": false },
      pathEnv: "/usr/bin:/bin",
    });
    expect(params && far.sockets[0]?.provenWith(params)).toBe("v3");
  });

  test("[node-host:bootstrap-once] node role: an invitation is shown and signed until there is a device token, and then never again", async () => {
    await using far = await startScripted({
      connect: () => helloV4({ role: "node", scopes: [], deviceToken: "own-token" }),
    });
    const [identity, tokenStore] = [await createDeviceIdentity(), memoryTokenStore()];
    const options = { identity, tokenStore, bootstrapToken: INVITATION };
    for (let round = 0; round < 2; round += 1) {
      await using client = node(far.url, options);
      await client.connect();
    }
    expect(far.connects.map(({ auth }) => auth)).toEqual([
      { bootstrapToken: INVITATION },
      { token: "own-token", deviceToken: "own-token" },
    ]);
    expect(far.connects.map((params, at) => far.sockets[at]?.provenWith(params))).toEqual(["v3", "v3"]);
  });

  test("node role: an invitation stands beside a shared token, and the shared token is what is signed", async () => {
    await using far = await startScripted({ connect: () => helloV4({ role: "node", scopes: [] }) });
    const identity = await createDeviceIdentity();
    await using client = node(far.url, { identity, token: "shared", bootstrapToken: INVITATION });
    await client.connect();
    expect(far.connects[0]?.auth).toEqual({ token: "shared", bootstrapToken: INVITATION });
    expect(far.connects[0] && far.sockets[0]?.provenWith(far.connects[0])).toBe("v3");
  });

  test("node role: with an invitation in hand, a device token that counts no more is forgotten at once", async () => {
    await using far = await startScripted({
      connect: ({ auth }) =>
        auth?.bootstrapToken === INVITATION
          ? helloV4({ role: "node", scopes: [], deviceToken: "new" })
          : refusal("INVALID_REQUEST", "AUTH_DEVICE_TOKEN_MISMATCH"),
    });
    const [identity, tokenStore] = [await createDeviceIdentity(), memoryTokenStore()];
    const key = { origin: far.url, deviceId: identity.deviceId, role: "node" };
    await tokenStore.write(key, { token: "revoked", scopes: [], updatedAtMs: 1 });
    await using client = node(far.url, { identity, tokenStore, bootstrapToken: INVITATION });
    await client.connect();
    expect((await tokenStore.read(key))?.token).toBe("new");
  });

  test("node role: a gateway that knows only revision 3 is never shown an invitation", async () => {
    await using far = await startScripted({
      connect: ({ maxProtocol }) =>
        maxProtocol > 3 ? wordsOnly("protocol mismatch", { expectedProtocol: 3 }) : helloV3({ role: "node" }),
    });
    await using client = node(far.url, { identity: await createDeviceIdentity(), bootstrapToken: INVITATION });
    await client.connect();
    expect(far.connects[1]).not.toHaveProperty("auth");
  });
});
