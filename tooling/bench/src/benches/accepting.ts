import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type InboundEvent, Inbox, inboxSchema } from "../../../../packages/channel/src/index.ts";
import { SqliteDatabase } from "../../../../packages/store/src/index.ts";
import { againstFloor, type Bench } from "../bench.ts";
import { startLoadGenerator } from "../load-generator.ts";
import { startModels, thinkingWith } from "../models-process.ts";
import { startServer } from "../servers.ts";
import { median } from "../statistics.ts";

const COUNT = 2_000;
const ROUNDS = 5;

function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "saltgate-bench-"));
  return work(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

const perSecond = (count: number, from: number): number => count / ((performance.now() - from) / 1_000);

/** The floor: one row for each commit, with the same promises about the disk, and nothing else. */
function bareCommits(folder: string): number {
  const database = new DatabaseSync(join(folder, "floor.db"));
  try {
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)",
    );
    const insert = database.prepare("INSERT INTO rows (text) VALUES (?)");
    const text = "x".repeat(400);
    const from = performance.now();
    for (let index = 0; index < COUNT; index += 1) insert.run(text);
    return perSecond(COUNT, from);
  } finally {
    database.close();
  }
}

function eventOf(index: number): InboundEvent {
  return {
    kind: "message",
    nativeId: String(index),
    sentAtMs: Date.now(),
    sender: { id: "1001", name: "Ann", isSelf: false, isBot: false },
    conversation: { id: String(1_000 + (index % 50)), kind: "direct" },
    messageId: String(index),
    text: "a message of an ordinary length, as people write them to their agents all day long",
    media: [],
    mentions: { canDetect: true, explicit: false, implicit: false, any: false },
  };
}

/** What comes in over a channel: one message for each update that is confirmed, or several accounts at once. */
async function inboxRate(folder: string, accounts: number): Promise<number> {
  const database = new SqliteDatabase({ file: join(folder, "state.db"), parts: [inboxSchema] });
  try {
    const inbox = new Inbox({ database, now: Date.now, arrived: () => undefined });
    const ports = Array.from({ length: accounts }, (_, at) => inbox.port({ channel: "bench", accountId: `a${at}` }));
    const lane = async (port: (typeof ports)[number], count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1)
        await port.accept({ events: [eventOf(index)], cursor: String(index) });
    };
    await Promise.all(ports.map((port) => port.accept({ events: [eventOf(-1)], cursor: "0" })));
    const from = performance.now();
    await Promise.all(ports.map((port) => lane(port, COUNT / accounts)));
    return perSecond(COUNT, from);
  } finally {
    await database.close();
  }
}

export const accepting: Bench = {
  name: "accepting",
  async run() {
    const samples: Record<"floor" | "one" | "many" | "send" | "sendOne", number[]> = {
      floor: [],
      one: [],
      many: [],
      send: [],
      sendOne: [],
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      await inFolder(async (folder) => {
        samples.floor.push(bareCommits(folder));
        samples.one.push(await inboxRate(folder, 1));
      });
      samples.many.push(await inFolder((folder) => inboxRate(folder, 16)));
      // The runs themselves wait for a model that never answers: what is measured is that they are kept.
      await using models = await startModels({ fault: { kind: "hang-before" } });
      await using server = await startServer("gateway", { config: thinkingWith(models) });
      await using load = startLoadGenerator();
      samples.sendOne.push((await load.run("accepted", server, { count: 500, atOnce: 1 })).perSecond);
      samples.send.push((await load.run("accepted", server, { count: COUNT, atOnce: 16 })).perSecond);
    }
    const floor = median(samples.floor);
    const row = (what: string, measured: readonly number[], atLeast: number) =>
      againstFloor({ what, floor, gateway: median(measured), kind: "perSecond", limit: { atLeast } });
    return [
      row("messages kept in the inbox, one after another", samples.one, 0.5),
      row("messages kept in the inbox, 16 accounts at once", samples.many, 1),
      row("chat.send acknowledged, one after another", samples.sendOne, 0.3),
      row("chat.send acknowledged, 16 at once", samples.send, 0.75),
    ];
  },
};
