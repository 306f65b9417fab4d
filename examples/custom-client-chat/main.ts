// A chat client of your own: it says something, shows the answer while it is thought, stops one that it doesn't want, and
// reads the conversation afterwards.
import assert from "node:assert/strict";
import { GatewayClient, type PayloadOf } from "@saltgate/client";
import { ModelsEmulator } from "../../tooling/emulators/src/models/models-emulator.ts";
import { startGateway } from "../support/gateway.ts";

// A model that answers slowly enough to watch.
await using model = await ModelsEmulator.start();
model.script(
  { when: { contains: "count" }, answer: { text: "One, two, three, four, five.", chunkChars: 6 }, pace: 200 },
  { when: { contains: "epic" }, answer: { text: "Sing, goddess. ".repeat(500), chunkChars: 15 }, pace: 200 },
);
const providers = { local: { baseUrl: `${model.url}/v1`, models: [{ id: "slow" }] } };
await using gateway = await startGateway({}, { models: { mode: "replace", providers } });

await using client = new GatewayClient({
  url: gateway.url,
  token: gateway.token,
  scopes: ["operator.read", "operator.write"],
  versions: [4, 4],
});
await client.connect({ signal: AbortSignal.timeout(10_000) });

/** Says something, hears each new piece of the answer, and resolves with how it ended. */
async function say(message: string, heard: (piece: string) => void): Promise<PayloadOf<"chat">> {
  // The key is the run's id. Sent again after a lost connection, it would not be asked twice.
  const runId = crypto.randomUUID();
  const { promise, resolve } = Promise.withResolvers<PayloadOf<"chat">>();
  const stop = client.on("chat", ({ payload }) => {
    if (payload.runId !== runId) return;
    if (payload.state === "delta") heard(payload.deltaText ?? "");
    else if (payload.state !== "status") resolve(payload);
  });
  try {
    await client.request("chat.send", { sessionKey: "main", message, idempotencyKey: runId });
    return await promise;
  } finally {
    stop();
  }
}

// The answer comes in pieces.
const pieces: string[] = [];
const counted = await say("Please count.", (piece) => pieces.push(piece));
console.log(pieces.join("|"));
assert.equal(counted.state, "final");
assert.equal(pieces.join(""), "One, two, three, four, five.");
assert.ok(pieces.length > 1);

// One that is too long is stopped as soon as it begins.
const stopped = await say("Tell me an epic.", () => void client.request("chat.abort", { sessionKey: "main" }));
assert.equal(stopped.state, "aborted");
console.log("The epic was stopped.");

// The conversation is kept, and is there after a restart too.
const { messages = [] } = await client.request("chat.history", { sessionKey: "main", limit: 10 });
console.log(messages.map(({ role }) => role).join(", "));
assert.equal(messages[0]?.role, "user");
assert.equal(messages[1]?.role, "assistant");
