import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { ALL, chatPlace } from "../support/chat-place.ts";

const webhookSecret = "s3cret-of-the-webhook_0123456789";

/** Stands before the gateway, as whoever terminates TLS for it does. */
async function startProxy() {
  let target: URL | undefined;
  const server = createServer((incoming, answer) => {
    const { headers, method, url: path } = incoming;
    if (target === undefined) return answer.writeHead(502).end();
    const { hostname: host, port } = target;
    const onward = httpRequest({ host, port, path, method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502);
      response.pipe(answer);
    });
    onward.on("error", () => answer.writeHead(502).end());
    return incoming.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo(url: string | undefined) {
      target = url === undefined ? undefined : new URL(url.replace("ws:", "http:"));
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

test("[chat:webhook] webhook: what Telegram brings to its path is answered; what came while nobody listened comes later, once", async () => {
  await using place = await chatPlace();
  await using proxy = await startProxy();
  const telegram = {
    dmPolicy: "open",
    allowFrom: ["*"],
    webhookUrl: `${proxy.url}/hooks/telegram`,
    webhookPath: "/hooks/telegram",
    webhookSecret,
  };
  {
    await using world = await place.open({ telegram });
    proxy.leadTo(world.url);
    place.telegram.people.say({ from: place.ann.id, text: "one" });
    await place.telegram.untilSent(place.ann.id, 1);
    const wire = await world.operator(4, ALL);
    const { payload } = await wire.request("channels.status", {});
    expect(payload).toMatchObject({ channels: { telegram: { mode: "webhook", connected: true } } });
    expect(JSON.stringify(payload)).not.toContain(webhookSecret);
  }
  proxy.leadTo(undefined);
  place.telegram.people.say({ from: place.ann.id, text: "two" });
  await using world = await place.open({ telegram });
  proxy.leadTo(world.url);
  place.telegram.people.say({ from: place.ann.id, text: "three" });
  await place.telegram.untilSent(place.ann.id, 3);
  const said = place.telegram.fromBots(place.ann.id).map(({ text }) => text);
  expect(said).toEqual(["echo: one", "echo: two", "echo: three"]);
});

test("[chat:webhook] webhook: without the secret, and at any other path, nothing is taken", async () => {
  await using place = await chatPlace();
  await using proxy = await startProxy();
  const url = `${proxy.url}/hooks/telegram`;
  await using world = await place.open({
    telegram: { dmPolicy: "open", allowFrom: ["*"], webhookUrl: url, webhookPath: "/hooks/telegram", webhookSecret },
  });
  proxy.leadTo(world.url);
  const wire = await world.operator(4, ALL);
  await expect
    .poll(async () => (await wire.request("channels.status", {})).payload)
    .toMatchObject({ channels: { telegram: { connected: true } } });
  const at = world.url.replace("ws:", "http:");
  const update = { update_id: 1, message: { message_id: 1, date: 1, text: "hi", chat: { id: 5, type: "private" } } };
  const post = async (path: string, secret: string | undefined, body = JSON.stringify(update)): Promise<number> => {
    const headers = secret === undefined ? {} : { "x-telegram-bot-api-secret-token": secret };
    return (await fetch(`${at}${path}`, { method: "POST", body, headers })).status;
  };
  expect(await post("/hooks/telegram", undefined)).toBe(401);
  expect(await post("/hooks/telegram", "wrong")).toBe(401);
  expect(await post("/hooks/telegram", webhookSecret, "{")).toBe(400);
  expect(await post("/hooks/other", webhookSecret)).toBe(404);
  expect(await post("/hooks/telegram/", webhookSecret)).toBe(404);
  expect(await post("/hooks/telegram", webhookSecret, "x".repeat(1_200_000))).toBe(413);
  expect(place.models.count).toBe(0);
  expect((await wire.request("sessions.list", {})).payload).toMatchObject({ count: 0 });
});

test("[R-50] webhook: of whoever doesn't know the secret no body is waited for or kept", async () => {
  await using place = await chatPlace();
  await using proxy = await startProxy();
  const webhookUrl = `${proxy.url}/hooks/telegram`;
  await using world = await place.open({ telegram: { webhookUrl, webhookPath: "/hooks/telegram", webhookSecret } });
  const wire = await world.operator(4, ALL);
  await expect
    .poll(async () => (await wire.request("channels.status", {})).payload)
    .toMatchObject({ channels: { telegram: { connected: true } } });
  const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
  try {
    socket.write("POST /hooks/telegram HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString("latin1")).toMatch(/^HTTP\/1.1 401 /);
  } finally {
    socket.destroy();
  }
});

test("[chat:menu] menu: the channel shows the commands of chats once it is connected, and isn't told them again", async () => {
  await using place = await chatPlace();
  const world = await place.open({ telegram: {} });
  await place.telegram.calls.untilCalled("setMyCommands");
  const { params } = place.telegram.calls.of("setMyCommands")[0] ?? {};
  expect(JSON.stringify(params)).toContain('"command":"stop"');
  const noted = () => world.conversation.database.read((sql) => sql.get("SELECT digest FROM inbox_menus"));
  await expect.poll(noted).toBeDefined();
  await world[Symbol.asyncDispose]();
  await using again = await place.open({ telegram: { dmPolicy: "open", allowFrom: ["*"] } });
  place.telegram.people.say({ from: place.ann.id, text: "hello" });
  await place.telegram.untilSent(place.ann.id, 1);
  expect(place.telegram.calls.of("setMyCommands")).toHaveLength(1);
  expect(again.gateway.port).toBeGreaterThan(0);
});
