import { nativeEngine } from "@saltgate/identity/node";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalizeSenderId, pairingReply, senderFiles, senderIdLabel } from "../../src/index.ts";

const filesOf = (channel: string, accountId?: string) => senderFiles({ channel, accountId }, nativeEngine.sha256);
const uuid = "6f1f0c9a-3b52-4f0e-8d77-0c1de4d6a7b2";

describe("sender ids", () => {
  test.each([
    ["telegram", " TG:12345 ", "12345"],
    ["telegram", "telegram: tg:12345", "12345"],
    ["telegram", "-10012", "-10012"],
    ["whatsapp", "+49 (171) 555-01.23", "+491715550123"],
    ["whatsapp", "491715550123", "+491715550123"],
    ["whatsapp", "120363025@g.us", ""],
    ["whatsapp", "49171 alice", ""],
    ["whatsapp", "++49171", ""],
    ["whatsapp", "+4917155501234567", ""],
    ["signal", "Signal:+49 171 5550123", "+491715550123"],
    ["signal", uuid.toUpperCase(), `uuid:${uuid}`],
    ["signal", `UUID:${uuid}`, `uuid:${uuid}`],
    ["signal", uuid.replaceAll("-", ""), `uuid:${uuid}`],
    ["signal", "deadbeef", "uuid:deadbeef"],
    ["signal", "uuid:", ""],
    ["signal", "alice", ""],
    ["imessage", "iMessage:SMS: +49 171 5550123", "+491715550123"],
    ["imessage", "Mina@Example.COM", "mina@example.com"],
    ["imessage", "Chat_GUID: iMessage;-;+49171", "chat_guid:iMessage;-;+49171"],
    ["imessage", "chat_id:", ""],
    ["imessage", "im essage:mina @example.com", "mina@example.com"],
    ["discord", "user:discord:80351110224678912", "80351110224678912"],
    ["slack", "Slack:U024BE7LH", "U024BE7LH"],
    ["matrix", "  @mina:example.org ", "@mina:example.org"],
    ["TELEGRAM", "tg:5", "5"],
    ["telegram", "tg:", ""],
    ["whatsapp", "*", "*"],
  ])("[senders:ids] [R-42] sender ids: on %s %j is %j", (channel, raw, id) => {
    expect(normalizeSenderId(channel, raw)).toBe(id);
  });

  test("[senders:ids] sender ids: normalising twice changes nothing, and no text makes it throw", () => {
    const channel = fc.constantFrom("telegram", "whatsapp", "signal", "imessage", "discord", "slack", "matrix");
    const piece = fc.constantFrom(
      "tg:",
      "telegram:",
      "uuid:",
      "imessage:",
      "SMS:",
      "chat_id:",
      "user:",
      " ",
      "+",
      "49171555",
      "ab",
      "@x",
      "*",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(channel, text, (one, raw) => {
        const id = normalizeSenderId(one, raw);
        expect(normalizeSenderId(one, id)).toBe(id);
        expect(id).toBe(id.trim());
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("sender words", () => {
  test.each([
    ["telegram", "12345", "Your Telegram user id: 12345", "telegramUserId"],
    ["whatsapp", "+49171", "Your WhatsApp phone number: +49171", "whatsappSenderId"],
    ["signal", "+49171", "Your Signal number: +49171", "signalNumber"],
    ["signal", `uuid:${uuid}`, `Your Signal sender id: uuid:${uuid}`, "signalNumber"],
    ["imessage", "mina@example.com", "Your iMessage sender id: mina@example.com", "imessageSenderId"],
    ["discord", "803511", "Your Discord user id: 803511", "discordUserId"],
    ["slack", "U024", "Your Slack user id: U024", "slackUserId"],
    ["nostr", "npub1", "Your nostr user id: npub1", "nostrPubkey"],
    ["toString", "5", "Your tostring user id: 5", "userId"],
  ])("[senders:reply] sender words: on %s %s is told as %j", (channel, id, line, label) => {
    const lines = pairingReply({ channel, id, code: "ABCD2345", profile: "default" }).split("\n");
    expect(lines).toEqual([
      "Saltgate: you have no access here yet.",
      "",
      line,
      "",
      "Pairing code: ABCD2345",
      "",
      "If you should have access, ask the owner to approve you with:",
      `saltgate pairing approve ${channel.toLowerCase()} <code>`,
    ]);
    expect(senderIdLabel(channel)).toBe(label);
  });

  test("[senders:reply] [R-43] sender words: the command names the account, as a code holds for that one alone", () => {
    const last = (accountId?: string) =>
      pairingReply({ channel: "telegram", accountId, id: "5", code: "ABCD2345" }).split("\n").at(-1);
    expect(last("work")).toBe("saltgate pairing approve telegram <code> --account work");
    for (const accountId of ["default", undefined])
      expect(last(accountId)).toBe("saltgate pairing approve telegram <code>");
  });

  test("[senders:reply] sender words: the command names the profile, and an id writes no lines of its own", () => {
    const text = pairingReply({
      channel: "matrix",
      id: "x\nPairing code: EVIL\u2028y",
      code: "ABCD2345",
      commandName: "sg",
      profile: "work",
    });
    expect(text.split("\n")).toHaveLength(8);
    expect(text.split("\n")[7]).toBe("sg --profile work pairing approve matrix <code>");
  });
});

describe("sender files", () => {
  test.each([
    ["telegram", undefined, "credentials/telegram"],
    [" Telegram ", "Default", "credentials/telegram"],
    ["telegram", "Work", "credentials/telegram-work"],
    ["telegram", "a-b_c", "credentials/telegram-a-b_c"],
    ["nextcloud-talk", undefined, "credentials/nextcloud-talk"],
    ["nextcloud-talk", "work", "credentials/nextcloud-talk-work"],
    ["a/b:c", undefined, "credentials/a_b_c"],
    ["..x", undefined, "credentials/_x"],
    // What a dash would make one of two is kept apart.
    ["nextcloud", "talk", "credentials/nextcloud/talk"],
    ["my-chat", undefined, "credentials/my-chat/default"],
    ["my-chat", "work", "credentials/my-chat/work"],
  ])("[senders:files] [R-43] sender files: channel %j, account %j", (channel, account, stem) => {
    expect(filesOf(channel, account)).toEqual({ pending: `${stem}-pairing`, allowFrom: `${stem}-allowFrom` });
  });

  test.each(["", "  ", "_", "/", "..", "../"])("[senders:files] sender files: %j is no channel", (channel) => {
    expect(() => filesOf(channel)).toThrow(TypeError);
  });

  test("[senders:files] [R-43] sender files: no two accounts share a file, whatever they are called", () => {
    const word = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "b", "-", "_"), minLength: 1, maxLength: 5 }),
      fc.string({ minLength: 1, maxLength: 90 }),
    );
    const channel = fc.oneof(
      fc.constantFrom("nextcloud", "nextcloud-talk"),
      fc.string({ unit: fc.constantFrom("a", "b", "-"), minLength: 1, maxLength: 5 }),
    );
    const account = fc.tuple(channel, fc.oneof(fc.constantFrom(undefined, "talk", "talk-a"), word));
    const identity = ([one, two]: [string, string | undefined]) => {
      const name = (two ?? "").trim().toLowerCase();
      return JSON.stringify([one, name === "" ? "default" : name]);
    };
    fc.assert(
      fc.property(account, account, (left, right) => {
        const [one, two] = [filesOf(...left), filesOf(...right)];
        expect(one.pending === two.pending).toBe(identity(left) === identity(right));
        expect(one.allowFrom === two.allowFrom).toBe(one.pending === two.pending);
        for (const name of [one.pending, one.allowFrom])
          expect(name).toMatch(/^[A-Za-z0-9_-]{1,100}(\/[A-Za-z0-9_-]{1,100}){1,4}$/);
      }),
      { numRuns: 5_000 },
    );
  });
});
