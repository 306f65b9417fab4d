import { expect, test } from "vitest";
import type { ModelFault } from "../../../tooling/emulators/src/models/model-script.ts";
import { isNotice, saidIn } from "./support/answers.ts";
import { DeliveryWorld } from "./support/delivery-world.ts";
import { Flow } from "./support/flow.ts";

const faults: readonly (readonly [string, ModelFault])[] = [
  ["is silent from the beginning", { kind: "hang-before" }],
  ["falls silent in the middle", { kind: "hang-after", afterChunks: 4 }],
  ["is cut off", { kind: "cut", afterChunks: 4 }],
  ["ends too early", { kind: "end-early", afterChunks: 4 }],
  ["answers nonsense", { kind: "malformed", afterChunks: 4 }],
  ["fails in the middle", { kind: "error-in-stream", afterChunks: 4 }],
  ["answers with a page", { kind: "wrong-content-type" }],
  ["fails", { kind: "status", status: 500, body: "Traceback at /srv/secret/path.py: sk-lab" }],
];

test("[delivery:model-fails] a model that hangs, breaks off or answers nonsense ends each run once, with a plain notice and nothing raw", {
  timeout: 240_000,
}, async () => {
  await using world = await DeliveryWorld.create({
    lineMs: 5,
    models: { firstByteTimeoutMs: 1_000, idleTimeoutMs: 1_000 },
  });
  await world.serve();
  const flow = new Flow(world);
  const [ann] = world.places;
  if (ann === undefined) throw new Error("there is nobody to ask");
  const endings: [string, string][] = [];
  world.client.on("chat", ({ payload: { runId, state } }) => {
    if (state !== "delta") endings.push([runId, state]);
  });
  for (const [what, fault] of faults) {
    world.models.clear();
    world.models.script({ fault });
    endings.length = 0;
    const before = saidIn(world, ann).length;
    const question = flow.ask(ann);
    const asked = await flow.say("agent:main:web-1");
    await world.settled();
    const said = saidIn(world, ann).slice(before);
    const notices = said.filter(isNotice);
    expect(
      notices.map(({ replyTo }) => replyTo),
      what,
    ).toEqual([question.messageId]);
    const words = said.map(({ text }) => text).join("\n");
    expect(words, what).not.toMatch(/127\.0\.0\.1|sk-lab|Traceback|https?:|Overloaded|\{"|<html|ECONN|socket/i);
    expect(
      endings.filter(([runId]) => runId === asked.runId),
      what,
    ).toEqual([[asked.runId, "error"]]);
  }
  world.models.clear();
  flow.ask(ann);
  await world.settled();
  expect(saidIn(world, ann).at(-1)?.text).toContain(flow.asked.at(-1)?.end);
});
