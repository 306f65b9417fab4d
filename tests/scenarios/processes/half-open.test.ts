import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { newClient, newDevice, OWNER } from "../../support/device.ts";
import { startForwardingProxy } from "../../support/forwarding-proxy.ts";
import { GatewayProcess } from "../../support/gateway.ts";
import { Sandbox } from "../../support/sandbox.ts";

const HALF_OPEN = 200;
const GARBAGE = 200;

const UPGRADE = (port: number): string =>
  [
    "GET / HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "\r\n",
  ].join("\r\n");

/** What strangers send instead of a handshake, in turn. */
const MISCHIEF: readonly ((port: number) => string | Uint8Array)[] = [
  () => "",
  () => "GET / HT",
  (port) => UPGRADE(port),
  (port) => UPGRADE(port).slice(0, -2),
  () => Uint8Array.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01]),
];

function open(port: number, first: string | Uint8Array): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", reject).once("connect", () => {
      socket.off("error", reject).on("error", () => {}); // the gateway may hang up on it, that is the point
      socket.resume();
      if (first.length > 0) socket.write(first);
      resolve(socket);
    });
  });
}

test("[scenario:half-open] [R-50] while 200 sockets are half open and garbage comes in, a client gets its answers, a new one gets in, and a device elsewhere can ask", async () => {
  await using sandbox = await Sandbox.create();
  await using gateway = await GatewayProcess.start(sandbox);
  const token = await gateway.token();
  await using working = newClient({ url: gateway.url, token, identity: await newDevice(), scopes: OWNER });
  await working.connect();
  const sockets: Socket[] = [];
  try {
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: HALF_OPEN }, (_, index) =>
          open(gateway.port, MISCHIEF[index % MISCHIEF.length]?.(gateway.port) ?? ""),
        ),
      )),
    );
    const storm = (async () => {
      for (let index = 0; index < GARBAGE; index += 1) {
        const socket = await open(gateway.port, index % 2 === 0 ? UPGRADE(gateway.port) : randomBytes(512));
        if (index % 2 === 0) socket.write(randomBytes(512));
        sockets.push(socket);
      }
    })();
    for (let index = 0; index < 50; index += 1) expect(await working.request("health")).toMatchObject({ ok: true });
    await using second = newClient({
      url: gateway.url,
      token,
      identity: await newDevice(),
      scopes: OWNER,
      reconnect: false,
    });
    await second.connect();
    await using proxy = await startForwardingProxy(gateway.port);
    await using elsewhere = newClient({
      url: `ws://127.0.0.1:${proxy.port}`,
      token,
      identity: await newDevice(),
      reconnect: false,
    });
    await expect(elsewhere.connect()).rejects.toMatchObject({ detailCode: "PAIRING_REQUIRED" });
    await storm;
    await using third = newClient({
      url: gateway.url,
      token,
      identity: await newDevice(),
      scopes: OWNER,
      reconnect: false,
    });
    await third.connect();
    expect(await third.request("system-presence")).toEqual(expect.any(Array));
    expect(await gateway.run(["health"])).toMatchObject({ exit: 0 });
    expect(await working.request("health")).toMatchObject({ ok: true });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  expect(await gateway.stop()).toBe(0);
});
