import { expect, test } from "vitest";
import {
  type Config,
  decodeConfig,
  type GatewayAuthInput,
  resolveGatewayAuth,
  resolveGatewayPort,
  resolveGatewayUrl,
} from "../src/index.ts";

async function load(gateway: object): Promise<{ config: Config; written: ReadonlySet<string> }> {
  const decoded = await decodeConfig(JSON.stringify({ gateway }), { fileName: "saltgate.json", env: {} });
  if (!decoded.ok) throw new Error(decoded.problems[0]?.message);
  return decoded;
}

const resolve = async (gateway: object, input: Partial<GatewayAuthInput>) =>
  resolveGatewayAuth({ flags: {}, env: {}, side: "client", config: (await load(gateway)).config, ...input });

const both = { flags: { token: "from-flag" }, env: { SALTGATE_GATEWAY_TOKEN: "from-env" } };
const configured = { auth: { token: "from-config" } };

test("[config:auth-precedence] auth: a gateway takes flag, then config, then environment", async () => {
  const side = "server";
  expect(await resolve(configured, { ...both, side })).toMatchObject({
    token: "from-flag",
    tokenSource: "flag --token",
  });
  expect(await resolve(configured, { env: both.env, side })).toMatchObject({
    token: "from-config",
    tokenSource: "config gateway.auth.token",
  });
  expect(await resolve({}, { env: both.env, side })).toMatchObject({
    token: "from-env",
    tokenSource: "environment SALTGATE_GATEWAY_TOKEN",
  });
});

test("[config:auth-precedence] auth: a command takes flag, then environment, then config", async () => {
  expect(await resolve(configured, both)).toMatchObject({ token: "from-flag" });
  expect(await resolve(configured, { env: both.env })).toMatchObject({ token: "from-env" });
  expect(await resolve(configured, {})).toMatchObject({ token: "from-config" });
});

test("[config:auth-precedence] auth: what is overruled and differs is said, without the secrets", async () => {
  const { conflicts } = await resolve(configured, { env: { ...both.env, CLAWDBOT_GATEWAY_TOKEN: "old" } });
  expect(conflicts).toEqual([
    'The token of "environment CLAWDBOT_GATEWAY_TOKEN" differs and is not used: "environment SALTGATE_GATEWAY_TOKEN" comes first.',
    'The token of "config gateway.auth.token" differs and is not used: "environment SALTGATE_GATEWAY_TOKEN" comes first.',
  ]);
  const agreed = await resolve(configured, { env: { SALTGATE_GATEWAY_TOKEN: "from-config" } });
  expect(agreed.conflicts).toEqual([]);
});

test.each(["SALTGATE", "OPENCLAW", "MOLTBOT", "CLAWDBOT"])(
  "[config:env-spellings] auth: %s_ variables count",
  async (prefix) => {
    const env = {
      [`${prefix}_GATEWAY_TOKEN`]: " t ",
      [`${prefix}_GATEWAY_PASSWORD`]: "p",
      [`${prefix}_GATEWAY_PORT`]: "1234",
    };
    expect(await resolve({}, { env })).toMatchObject({ token: "t", password: "p" });
    expect(resolveGatewayPort({ env, config: (await load({})).config })).toEqual({
      value: 1234,
      source: `environment ${prefix}_GATEWAY_PORT`,
    });
  },
);

test("auth: without any secret there is none, and the mode is token", async () => {
  expect(await resolve({}, { side: "server", flags: { token: " " } })).toEqual({
    mode: "token",
    token: undefined,
    tokenSource: undefined,
    password: undefined,
    passwordSource: undefined,
    conflicts: [],
  });
});

test("auth: the mode is the flag's, the configured one, or follows from the secret that is there", async () => {
  const side = "server";
  const mode = async (gateway: object, flags: GatewayAuthInput["flags"]) =>
    (await resolve(gateway, { flags, side })).mode;
  expect(await mode({ auth: { password: "p" } }, {})).toBe("password");
  expect(await mode({ auth: { password: "p", mode: "token" } }, {})).toBe("token");
  expect(await mode({ auth: { token: "t", mode: "token" } }, { password: "p" })).toBe("password");
  expect(await mode({ auth: { password: "p", mode: "password" } }, { token: "t" })).toBe("token");
  expect(await mode({ auth: { password: "p", mode: "password" } }, { token: "t", mode: "password" })).toBe("password");
});

const remote = {
  mode: "remote",
  auth: { token: "of-this-host" },
  remote: { url: "wss://far.example:18789", token: "of-far", tlsFingerprint: "ab".repeat(32) },
};

test("[config:secret-stays-home] auth: in remote mode the secret of this host isn't shown to the other gateway", async () => {
  expect(await resolve(remote, {})).toMatchObject({ token: "of-far", tokenSource: "config gateway.remote.token" });
  expect((await resolve({ ...remote, remote: { url: "wss://far.example" } }, {})).token).toBeUndefined();
});

test.each([
  ["wss://far.example:18789", "of-far"],
  ["wss://far.example:18789/", "of-far"],
  ["ws://127.0.0.1:19000", "of-this-host"],
  ["ws://localhost:18789", "of-this-host"],
  ["wss://other.example:18789", undefined],
  ["wss://far.example.evil:18789", undefined],
  ["ws://127.0.0.1.evil:1", undefined],
  ["nonsense", undefined],
])("[config:secret-stays-home] auth: --url %s gets the configured token %s", async (url, token) => {
  expect((await resolve(remote, { flags: { url } })).token).toBe(token);
});

test("auth: a secret given for this call goes wherever the call goes", async () => {
  expect((await resolve(remote, { flags: { url: "wss://other.example", token: "t" } })).token).toBe("t");
  expect((await resolve(remote, { flags: { url: "wss://other.example" }, env: both.env })).token).toBe("from-env");
});

test("[config:port-precedence] port: flag, environment, config, default", async () => {
  const env = { SALTGATE_GATEWAY_PORT: "3" };
  const { config, written } = await load({ port: 4 });
  expect(resolveGatewayPort({ flag: "2", env, config, written })).toEqual({ value: 2, source: "flag --port" });
  expect(resolveGatewayPort({ env, config, written })).toEqual({
    value: 3,
    source: "environment SALTGATE_GATEWAY_PORT",
  });
  expect(resolveGatewayPort({ env: {}, config, written })).toEqual({ value: 4, source: "config gateway.port" });
  const unset = await load({});
  expect(resolveGatewayPort({ env: {}, ...unset })).toEqual({ value: 18789, source: "default" });
  expect(resolveGatewayPort({ env: {}, ...unset, defaultPort: 19001 })).toEqual({ value: 19001, source: "default" });
  const same = await load({ port: 18789 });
  expect(resolveGatewayPort({ env: {}, ...same, defaultPort: 19001 })).toEqual({
    value: 18789,
    source: "config gateway.port",
  });
});

test.each(["0", "65536", "-1", "1.5", "abc", "", "1e3", "0x50"])("port: %j is no port", async (flag) => {
  const { config } = await load({});
  expect(() => resolveGatewayPort({ flag, env: {}, config })).toThrow(expect.objectContaining({ code: "option" }));
});

test("url: --url, then the remote gateway, then this host", async () => {
  const far = await load(remote);
  expect(resolveGatewayUrl({ flags: { url: "wss://x" }, env: {}, ...far })).toEqual({
    url: "wss://x",
    source: "flag --url",
    tlsFingerprint: undefined,
  });
  expect(resolveGatewayUrl({ flags: {}, env: {}, ...far })).toEqual({
    url: "wss://far.example:18789",
    source: "config gateway.remote.url",
    tlsFingerprint: "ab".repeat(32),
  });
  const here = await load({ port: 5, tls: { enabled: true } });
  expect(resolveGatewayUrl({ flags: {}, env: {}, ...here })).toMatchObject({
    url: "wss://127.0.0.1:5",
    source: "this host, port by config gateway.port",
  });
});

test("url: a gateway that is bound to one address is called there", async () => {
  const at = async (customBindHost: string) =>
    resolveGatewayUrl({ flags: {}, env: {}, ...(await load({ bind: "custom", customBindHost })) }).url;
  expect(await at("10.0.0.5")).toBe("ws://10.0.0.5:18789");
  expect(await at("fd00::5")).toBe("ws://[fd00::5]:18789");
  expect(await at("0.0.0.0")).toBe("ws://127.0.0.1:18789");
});

test.each(["http://x", "x", "wss://u:secret@x", "wss://x?token=secret", "wss://x#token=secret"])(
  "[R-48] url: --url %s is refused, and the error doesn't repeat it",
  async (url) => {
    const { config } = await load({});
    let message = "";
    try {
      resolveGatewayUrl({ flags: { url }, env: {}, config });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^--url must be/);
    expect(message).not.toContain("secret");
  },
);

test("url: remote mode without a URL is an error in the file", async () => {
  await expect(load({ mode: "remote" })).rejects.toThrow(/gateway\.remote\.url/);
});
