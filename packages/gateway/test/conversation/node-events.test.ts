import { expect, test } from "vitest";
import { nodeWordsOf } from "../../src/conversation/node-words.ts";
import { ALL, chatPlace } from "../support/chat-place.ts";
import { joinNode } from "../support/nodes.ts";

const nodeId = "n1";

test("[chat:node-words] node words: what was said to a node goes to the main session, what it asks by itself to its own", () => {
  expect(nodeWordsOf("voice.transcript", { text: "lights on", deliver: true }, nodeId)).toEqual({
    text: "lights on",
    session: "main",
    thinking: "low",
    isToBeSent: false,
  });
  expect(nodeWordsOf("voice.transcript", { text: "hm", sessionKey: "kitchen", key: "7" }, nodeId)).toMatchObject({
    session: "kitchen",
    key: "7",
  });
  expect(nodeWordsOf("agent.request", { message: "tea?" }, nodeId)).toEqual({
    text: "tea?",
    session: "node-n1",
    isToBeSent: false,
  });
  const asked = { message: "tea?", sessionKey: "main", thinking: "HIGH", timeoutSeconds: 30, deliver: true };
  expect(nodeWordsOf("agent.request", asked, nodeId)).toEqual({
    text: "tea?",
    session: "main",
    thinking: "high",
    timeoutMs: 30_000,
    isToBeSent: true,
  });
});

test.each([
  [undefined, "no text"],
  [null, "no text"],
  ["tea", "no text"],
  [{ message: 7 }, "no text"],
  [{ message: " " }, "no text"],
  [{ message: "x".repeat(20_001) }, "more than 20000"],
  [{ message: "x", key: "k".repeat(129) }, "more than 128"],
  [{ message: "x", thinking: "purple" }, "thinking"],
  [{ message: "x", deliver: true, to: "1001" }, "can't choose where"],
  [{ message: "x", deliver: true, channel: "telegram" }, "can't choose where"],
])("[chat:node-words] node words: %j is refused in words", (payload, words) => {
  expect(nodeWordsOf("agent.request", payload, nodeId)).toContain(words);
});

test("[chat:node-words] node events: a node's answer is sent to the chat that its session is spoken to from, and nowhere else", async () => {
  await using place = await chatPlace();
  await using world = await place.open({
    telegram: { dmPolicy: "open", allowFrom: ["*"] },
    owners: [`telegram:${place.ann.id}`],
  });
  const owner = await world.operator(4, ALL);
  const node = await joinNode(world);
  const tell = async (event: string, payload: object): Promise<unknown> =>
    (await node.wire.request("node.event", { event, payload })).payload;
  const request = (more: object) => tell("agent.request", { message: "the door is open", ...more });
  const handled = { ok: true, event: "agent.request", handled: true };
  expect(await request({ deliver: true })).toMatchObject({ handled: false, reason: expect.stringContaining("never") });
  expect(await request({ sessionKey: "agent:ghost:main" })).toMatchObject({ handled: false });
  expect(await request({ sessionKey: "agent::" })).toMatchObject({ handled: false });
  place.telegram.people.say({ from: place.ann.id, text: "hello" });
  await place.telegram.untilSent(place.ann.id, 1);
  expect(await request({ sessionKey: "main", deliver: true, key: "1" })).toEqual(handled);
  await place.telegram.untilSent(place.ann.id, 2);
  // Its repeat is the same, another message of that key isn't.
  expect(await request({ sessionKey: "main", deliver: true, key: "1" })).toEqual(handled);
  expect(await request({ sessionKey: "main", message: "the door is shut", key: "1" })).toMatchObject({
    handled: false,
  });
  expect(await request({ key: "2" })).toEqual(handled);
  await owner.event("chat", (said: { sessionKey: string; state: string }) =>
    said.sessionKey.startsWith("agent:main:node-") ? said.state === "final" : false,
  );
  expect(place.telegram.fromBots(place.ann.id).map(({ text }) => text)).toEqual([
    "echo: hello",
    "echo: the door is open",
  ]);
});
