// Somebody writes to your Telegram bot. You let them in with one command, and from then on a model on your own machine
// answers. Telegram and the model are stood in for here; README.md says what to change for the real ones.
import assert from "node:assert/strict";
import { ModelsEmulator } from "../../tooling/emulators/src/models/models-emulator.ts";
import { startTelegram } from "../../tooling/emulators/src/telegram/control.ts";
import { startGateway } from "../support/gateway.ts";

await using telegram = await startTelegram();
const bot = telegram.world.addBot({ username: "harbour_bot" });
const ann = telegram.world.addUser({ firstName: "Ann" });

await using ollama = await ModelsEmulator.start();
ollama.script({ when: { contains: "tide" }, answer: { text: "High water is at **six**." } });

// This is the whole configuration: a channel, and a model.
const channels = { telegram: { botToken: bot.token, apiRoot: telegram.url } };
const models = {
  mode: "replace",
  providers: { ollama: { baseUrl: `${ollama.url}/v1`, models: [{ id: "llama3.2" }] } },
};
await using gateway = await startGateway({}, { channels, models });
await telegram.calls.untilCalled("getUpdates", 1); // what strangers wrote before is not answered

// A stranger gets a code and nothing else: no model has heard of it.
telegram.people.say({ from: ann.id, text: "When is the tide in?" });
const [refusal] = await telegram.untilSent(ann.id, 1);
const code = /Pairing code: (\w+)/.exec(refusal?.text ?? "")?.[1] ?? "";
assert.equal(code.length, 8);
assert.equal(ollama.count, 0);
console.log(`Ann was told: ${refusal?.text.split("\n")[0]}`);

// Her owner lets her in, and she is told so.
console.log((await gateway.saltgate("pairing", "approve", "telegram", code)).trim());
const [, notice] = await telegram.untilSent(ann.id, 2);
console.log(`Ann was told: ${notice?.text}`);

// Now the model answers; its Markdown is Telegram's bold.
telegram.people.say({ from: ann.id, text: "When is the tide in?" });
const [, , answer] = await telegram.untilSent(ann.id, 3);
await telegram.calls.until(() => telegram.fromBots(ann.id).at(2)?.text === "High water is at six.");
assert.equal(answer?.from, bot.user.id);
assert.equal(ollama.count, 1);
console.log("Ann was told: High water is at six.");

// The conversation is there for you, too.
const { sessions } = JSON.parse(await gateway.saltgate("sessions", "list", "--json"));
assert.equal(sessions.length, 1);
console.log(`It is the session ${sessions[0].key}.`);
