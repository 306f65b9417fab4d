import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ForwardingProxy, startForwardingProxy } from "../../../tests/support/forwarding-proxy.ts";
import { type ConnectRequest, connectParams } from "../src/connect-request.ts";
import { createDeviceKeys } from "../src/device-keys.ts";
import { type GatewayProcess, startGatewayProcess } from "../src/gateway-process.ts";
import { type Ending, type Frame, Wire } from "../src/wire.ts";

/** Wrong credentials are what these tests are about, so nothing is locked because of them. */
const patient = { rateLimit: { maxFailures: 10_000 } };
const PASSWORD = "the-password-of-the-interop-gateway";

let gateway: GatewayProcess;
let withPassword: GatewayProcess;
let proxy: ForwardingProxy;

beforeAll(async () => {
  gateway = await startGatewayProcess({ config: { auth: patient } });
  withPassword = await startGatewayProcess({ config: { auth: { ...patient, mode: "password", password: PASSWORD } } });
  proxy = await startForwardingProxy(gateway.port);
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await withPassword[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});

const keys = createDeviceKeys();
const others = createDeviceKeys();
/** Thirty-two zero bytes are a point of small order: any signature fits it, so it identifies nobody. */
const zeros = Buffer.alloc(32);
const smallOrderKey = {
  publicKey: zeros.toString("base64url"),
  id: createHash("sha256").update(zeros).digest("hex"),
};
const ui = (id: string): Frame => ({ id, mode: "ui" });
const cli: Frame = { id: "cli", mode: "cli" };

interface Row {
  readonly row: string;
  readonly from?: "here" | "elsewhere";
  readonly gateway?: "token" | "password";
  readonly ask: (token: string) => ConnectRequest;
  readonly code: "INVALID_REQUEST" | "NOT_PAIRED";
  readonly message: string | Readonly<Record<3 | 4, string>>;
  readonly detail: string;
  /** The close reason where it is not the message. */
  readonly reason?: RegExp;
  readonly only?: 3 | 4;
}

/** One row for each check of a connect request, in the order in which they are made. */
const ROWS: readonly Row[] = [
  {
    row: "3 role",
    ask: (token) => ({ auth: { token }, role: "captain" }),
    code: "INVALID_REQUEST",
    message: "invalid role",
    detail: "INVALID_ROLE",
  },
  {
    row: "4 control UI without a device",
    from: "elsewhere",
    ask: (token) => ({ auth: { token }, client: ui("openclaw-control-ui") }),
    code: "INVALID_REQUEST",
    message: "control ui requires HTTPS or localhost (secure context)",
    detail: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
  },
  {
    row: "5 neither device nor token",
    ask: () => ({}),
    code: "NOT_PAIRED",
    message: "device identity required",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    row: "5 the right token, but from elsewhere and without a device",
    from: "elsewhere",
    ask: (token) => ({ auth: { token } }),
    code: "NOT_PAIRED",
    message: "device identity required",
    detail: "DEVICE_IDENTITY_REQUIRED",
  },
  {
    row: "6 device id of another key",
    ask: (token) => ({ auth: { token }, device: keys, tamper: (device) => ({ ...device, id: others.deviceId }) }),
    code: "INVALID_REQUEST",
    message: "device identity mismatch",
    detail: "DEVICE_AUTH_DEVICE_ID_MISMATCH",
  },
  ...[-601_000, 601_000].map(
    (skewMs): Row => ({
      row: `7 signed ${skewMs} ms from now`,
      ask: (token) => ({ auth: { token }, device: keys, signedAtMs: Date.now() + skewMs }),
      code: "INVALID_REQUEST",
      message: "device signature expired",
      detail: "DEVICE_AUTH_SIGNATURE_EXPIRED",
    }),
  ),
  {
    row: "8 no nonce, from elsewhere",
    from: "elsewhere",
    ask: (token) => ({ auth: { token }, device: keys, payload: "v1" }),
    code: "INVALID_REQUEST",
    message: "device nonce required",
    detail: "DEVICE_AUTH_NONCE_REQUIRED",
  },
  {
    row: "8 a blank nonce, from elsewhere",
    from: "elsewhere",
    ask: (token) => ({
      auth: { token },
      device: keys,
      payload: "v1",
      tamper: (device) => ({ ...device, nonce: "  " }),
    }),
    code: "INVALID_REQUEST",
    message: "device nonce required",
    detail: "DEVICE_AUTH_NONCE_REQUIRED",
  },
  {
    row: "8 no nonce, here, in revision 4",
    only: 4,
    ask: (token) => ({ auth: { token }, device: keys, payload: "v1" }),
    code: "INVALID_REQUEST",
    message: "device nonce required",
    detail: "DEVICE_AUTH_NONCE_REQUIRED",
  },
  {
    row: "9 the nonce of another connection",
    ask: (token) => ({ auth: { token }, device: keys, tamper: (device) => ({ ...device, nonce: "another" }) }),
    code: "INVALID_REQUEST",
    message: "device nonce mismatch",
    detail: "DEVICE_AUTH_NONCE_MISMATCH",
  },
  {
    row: "10 a signature over something else",
    ask: (token) => ({
      auth: { token },
      device: keys,
      tamper: (device) => ({ ...device, signedAt: Number(device["signedAt"]) + 1 }),
    }),
    code: "INVALID_REQUEST",
    message: "device signature invalid",
    detail: "DEVICE_AUTH_SIGNATURE_INVALID",
  },
  {
    row: "11 a key that is none",
    ask: (token) => ({ auth: { token }, device: keys, tamper: (device) => ({ ...device, ...smallOrderKey }) }),
    code: "INVALID_REQUEST",
    message: "device public key invalid",
    detail: "DEVICE_AUTH_PUBLIC_KEY_INVALID",
  },
  ...(
    [
      [cli, "set gateway.remote.token to match gateway.auth.token"],
      [ui("openclaw-control-ui"), "open the gateway's page again and paste the token in its settings"],
      [{ id: "webchat-ui", mode: "webchat" }, "open the gateway's page again and paste the token in its settings"],
      [{}, "provide gateway auth token"],
    ] as const
  ).flatMap(([client, hint]): Row[] => [
    {
      row: `12 no token, as ${JSON.stringify(client)}`,
      ask: () => ({ client, device: keys }),
      code: "INVALID_REQUEST",
      message: `unauthorized: gateway token missing (${hint})`,
      detail: "AUTH_TOKEN_MISSING",
    },
    {
      row: `12 a wrong token, as ${JSON.stringify(client)}`,
      ask: () => ({ client, auth: { token: "wrong" } }),
      code: "INVALID_REQUEST",
      message: `unauthorized: gateway token mismatch (${hint})`,
      detail: "AUTH_TOKEN_MISMATCH",
    },
  ]),
  ...(
    [
      [cli, "set gateway.remote.password to match gateway.auth.password"],
      [ui("openclaw-control-ui"), "enter the password in the page's settings"],
      [{}, "provide gateway auth password"],
    ] as const
  ).flatMap(([client, hint]): Row[] => [
    {
      row: `12 no password, as ${JSON.stringify(client)}`,
      gateway: "password",
      ask: () => ({ client, device: keys }),
      code: "INVALID_REQUEST",
      message: `unauthorized: gateway password missing (${hint})`,
      detail: "AUTH_PASSWORD_MISSING",
    },
    {
      row: `12 a wrong password, as ${JSON.stringify(client)}`,
      gateway: "password",
      ask: () => ({ client, auth: { password: "wrong" } }),
      code: "INVALID_REQUEST",
      message: `unauthorized: gateway password mismatch (${hint})`,
      detail: "AUTH_PASSWORD_MISMATCH",
    },
  ]),
  {
    row: "12 a wrong device token",
    ask: () => ({ auth: { deviceToken: "wrong" }, device: keys }),
    code: "INVALID_REQUEST",
    message: "unauthorized: device token mismatch (connect with the gateway's secret, or have the token rotated)",
    detail: "AUTH_DEVICE_TOKEN_MISMATCH",
  },
  {
    row: "13 an unknown device, from elsewhere",
    from: "elsewhere",
    ask: (token) => ({ auth: { token }, device: createDeviceKeys() }),
    code: "NOT_PAIRED",
    message: { 3: "pairing required", 4: "pairing required: the owner has not approved this device yet" },
    detail: "PAIRING_REQUIRED",
    reason: /^pairing required(: not-paired \(requestId: [0-9a-f-]{36}\))?$/,
  },
];

function urlOf(row: Pick<Row, "from" | "gateway">): string {
  if (row.gateway === "password") return withPassword.url;
  return row.from === "elsewhere" ? proxy.url : gateway.url;
}

async function refusalOf(url: string, ask: ConnectRequest): Promise<{ response: Frame; ending: Ending }> {
  await using wire = new Wire(url);
  const { nonce } = await wire.challenge();
  wire.send({ type: "req", id: "c", method: "connect", params: connectParams(ask, nonce) });
  const response = await wire.response("c");
  return { response, ending: await wire.ended };
}

/** A close reason holds 120 bytes of UTF-8. */
const cut = (text: string): string => text.slice(0, 120);

describe("conformance: refused connects", () => {
  for (const version of [3, 4] as const) {
    for (const row of ROWS.filter(({ only }) => only === undefined || only === version)) {
      test(`[interop:refusals] conformance: revision ${version}, row ${row.row}`, async () => {
        const { response, ending } = await refusalOf(urlOf(row), { ...row.ask(gateway.token), version });
        const message = typeof row.message === "string" ? row.message : row.message[version];
        expect(response).toMatchObject({
          ok: false,
          error: { code: row.code, message, details: { code: row.detail } },
        });
        expect(response).not.toHaveProperty("payload");
        expect(ending.code).toBe(1008);
        if (row.reason === undefined) expect(ending.reason).toBe(cut(message));
        else expect(ending.reason).toMatch(row.reason);
      });
    }
  }

  test("[interop:refusals] conformance: a web page of another origin is refused before the upgrade, by name", async () => {
    for (const url of [gateway.url, proxy.url]) {
      const wire = new Wire(url, { Origin: "https://evil.example" });
      await expect(wire.challenge()).rejects.toThrow("403");
    }
  });

  test("[interop:refusals] conformance: a Host that is not this machine's makes the client remote", async () => {
    const wire = new Wire(gateway.url, { Host: "evil.example" });
    const { nonce } = await wire.challenge();
    const params = connectParams({ auth: { token: gateway.token } }, nonce);
    wire.send({ type: "req", id: "c", method: "connect", params });
    expect(await wire.response("c")).toMatchObject({ error: { details: { code: "DEVICE_IDENTITY_REQUIRED" } } });
    await wire.ended;
  });

  const RANGES = [
    [3, 3, 3],
    [4, 4, 4],
    [3, 4, 4],
    [1, 9, 4],
    [1, 3, 3],
    [4, 9, 4],
  ] as const;
  for (const [minProtocol, maxProtocol, agreed] of RANGES) {
    test(`[interop:negotiation] conformance: a client that speaks ${minProtocol} to ${maxProtocol} is answered in revision ${agreed}`, async () => {
      await using wire = new Wire(gateway.url);
      const { nonce } = await wire.challenge();
      const ask = { auth: { token: gateway.token }, minProtocol, maxProtocol };
      wire.send({ type: "req", id: "c", method: "connect", params: connectParams(ask, nonce) });
      const { payload } = await wire.response("c");
      const hello = payload as Frame;
      expect(hello).toMatchObject({ type: "hello-ok", protocol: agreed });
      expect("auth" in hello, "auth without a device token is revision 4's").toBe(agreed === 4);
      expect("host" in (hello["server"] as Frame), "the host's name is revision 3's").toBe(agreed === 3);
      // A scope error has its own code since revision 4.
      wire.send({ type: "req", id: "d", method: "device.pair.list", params: {} });
      expect(await wire.response("d")).toMatchObject({
        error: {
          code: agreed === 4 ? "FORBIDDEN" : "INVALID_REQUEST",
          message: "missing scope: operator.pairing",
          details: { code: "MISSING_SCOPE", missingScope: "operator.pairing" },
        },
      });
    });
  }

  for (const [minProtocol, maxProtocol, expectedProtocol] of [
    [1, 2, 3],
    [5, 5, 4],
    [7, 9, 4],
  ] as const) {
    test(`[interop:negotiation] conformance: a client that speaks ${minProtocol} to ${maxProtocol} is told what we speak`, async () => {
      const { response, ending } = await refusalOf(gateway.url, {
        auth: { token: gateway.token },
        minProtocol,
        maxProtocol,
      });
      expect(response["error"]).toMatchObject({
        code: "INVALID_REQUEST",
        message: "protocol mismatch",
        details: {
          code: "PROTOCOL_MISMATCH",
          clientMinProtocol: minProtocol,
          clientMaxProtocol: maxProtocol,
          expectedProtocol,
          minimumProbeProtocol: 3,
        },
      });
      expect(ending).toEqual({ code: 1002, reason: "protocol mismatch" });
    });
  }
});
