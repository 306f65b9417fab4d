import { expect, test } from "vitest";
import * as channel from "../src/index.ts";

test("channel: the public list is exactly this", () => {
  expect(Object.keys(channel).toSorted()).toEqual([
    "AccountKeeper",
    "ChannelError",
    "Courier",
    "Inbox",
    "MediaShelf",
    "NotNowError",
    "Outbox",
    "Pacer",
    "Receptionist",
    "afterAttempt",
    "backoffMs",
    "chunkMarkdown",
    "compileMentionPatterns",
    "conflictBackoff",
    "conversationKey",
    "decideAccess",
    "defaultGatheringRules",
    "defaultInboxLimits",
    "defaultOutboxLimits",
    "deliveryBackoff",
    "gather",
    "groupRows",
    "inboxSchema",
    "isChannelError",
    "mentionsBy",
    "outboxSchema",
    "reconcileAfterMs",
    "reconnectBackoff",
  ]);
});
