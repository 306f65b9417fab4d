import fc from "fast-check";
import { expect, test } from "vitest";
import { ChannelRig } from "../../../../tooling/emulators/src/suite/channel-rig.ts";
import { startTelegramWorld } from "../../../../tooling/emulators/src/telegram/telegram-world.ts";
import { adapter } from "../src/index.ts";
import { readWebhook } from "../src/webhook.ts";

const header = "x-telegram-bot-api-secret-token";
const secret = "0123456789abcdef";
const body = (value: unknown) => Buffer.from(JSON.stringify(value));

test("[telegram:webhook] webhook: without a configured secret nothing is taken, whatever is presented", () => {
  for (const none of [undefined, ""])
    for (const headers of [{}, { [header]: "" }, { [header]: "x" }])
      expect(readWebhook({ headers, body: body({ update_id: 1 }) }, none)).toMatchObject({ status: 503 });
});

test("[telegram:webhook] webhook: the right secret opens, whatever the case of the header; anything else is refused", () => {
  const update = { update_id: 1 };
  expect(readWebhook({ headers: { [header]: secret }, body: body(update) }, secret)).toEqual({ update });
  expect(readWebhook({ headers: { [header.toUpperCase()]: secret }, body: body(update) }, secret)).toEqual({ update });
  for (const wrong of [undefined, "", secret.slice(1), `${secret}0`, secret.toUpperCase(), "ü".repeat(16)])
    expect(readWebhook({ headers: { [header]: wrong }, body: body(update) }, secret)).toMatchObject({ status: 401 });
});

test("[R-46] [telegram:webhook] webhook: no secret, of whatever length and characters, makes comparing throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary", minLength: 1 }), (presented, expected) => {
      const decision = readWebhook({ headers: { [header]: presented }, body: body({}) }, expected);
      expect("update" in decision).toBe(presented === expected);
    }),
  );
});

test("[telegram:webhook] webhook: what is no update is refused without a failure of ours", () => {
  const headers = { [header]: secret };
  for (const bad of ["", "{", "7", "[]", "null", "\ud800"])
    expect(readWebhook({ headers, body: Buffer.from(bad) }, secret)).toMatchObject({ status: 400 });
  expect(readWebhook({ headers, body: new Uint8Array([0xff, 0xfe]) }, secret)).toMatchObject({ status: 400 });
  expect(readWebhook({ headers, body: Buffer.alloc(1_048_577, " ") }, secret)).toMatchObject({ status: 413 });
});

test("[telegram:webhook-durable] webhook: the answer is good only when the update is on the disk", async () => {
  await using world = await startTelegramWorld(adapter);
  const webhookUrl = "https://gateway.example/telegram-webhook";
  await using rig = await ChannelRig.open({
    ...world,
    section: { ...(world.section as object), webhookUrl, webhookSecret: secret },
  });
  const from = { id: 7, is_bot: false, first_name: "Ann" };
  const chat = { id: 7, type: "private", first_name: "Ann" };
  const update = { update_id: 1, message: { message_id: 1, date: 1, from, chat, text: "hi" } };
  const bring = () => rig.connection.receiveWebhook?.({ headers: { [header]: secret }, body: body(update) });
  rig.inbox.failNext(1);
  expect(await bring()).toMatchObject({ status: 503 });
  expect(rig.inbox.taken).toEqual([]);
  const release = rig.inbox.hold();
  const answers: unknown[] = [];
  const brought = bring()?.then((answer) => answers.push(answer));
  await rig.inbox.untilMet(() => rig.inbox.offered === 2);
  expect(answers).toEqual([]);
  release();
  await brought;
  expect(answers).toEqual([{ status: 200 }]);
  expect(rig.inbox.taken).toHaveLength(1);
});
