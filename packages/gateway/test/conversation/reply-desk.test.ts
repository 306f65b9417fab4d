import { inboxSchema, outboxSchema } from "@saltgate/channel";
import { SqliteDatabase } from "@saltgate/store";
import { expect, onTestFinished, test } from "vitest";
import { ChannelDesk } from "../../src/channels/channel-desk.ts";
import { noChannels } from "../../src/channels/installed-channels.ts";
import { ReplyDesk } from "../../src/conversation/reply-desk.ts";
import { systemClock } from "../../src/index.ts";
import { silentLogger } from "../../src/logging/logger.ts";

const beginning = "The beginning of a long answer, as its reader has it before him";

test("[chat:shown-stays] replies: what was shown of an answer before a restart stays when the run is stopped after it", async () => {
  const database = new SqliteDatabase({ file: ":memory:", parts: [inboxSchema, outboxSchema] });
  onTestFinished(() => database.close());
  const desk = new ChannelDesk({
    database,
    channels: noChannels,
    shelf: { get: () => Promise.reject(new Error("there are no files")) },
    clock: systemClock,
    random: () => 0,
    logger: silentLogger,
    menu: [],
    arrived: () => undefined,
  });
  const account = { channel: "telegram", accountId: "main" };
  const content = { kind: "text", text: beginning } as const;
  // As the process left it that ended: the beginning is shown and grows.
  await database.write((sql) =>
    desk.outbox.add(sql, { ...account, key: "run:r1:0", runId: "r1", live: true, target: { to: "7" }, content }),
  );
  const row = await desk.outbox.find("run:r1:0");
  await desk.outbox.settle(row?.seq ?? 0, { state: "sent", receipt: { messageId: "1" }, shown: beginning });
  const replies = new ReplyDesk({ desk, database, clock: systemClock, logger: silentLogger });
  await database.write((sql) =>
    replies.reply(sql, {
      runId: "r1",
      sessionKey: "agent:main:main",
      agentId: "main",
      principal: { isOwner: true, channel: "telegram", accountId: "main", senderId: "7", deviceId: undefined },
      route: { ...account, to: "7", isDirect: true },
      ending: "aborted",
      text: "",
      media: [],
    }),
  );
  expect(await desk.outbox.find("run:r1:0")).toMatchObject({ live: false, content: { text: beginning } });
});
