import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Acceptance, agentSchema, type RunReply, SessionStore } from "@saltgate/agent";
import { SqliteDatabase } from "@saltgate/store";
import { expect, test } from "vitest";
import { returnAnswer, returnRoute } from "../../src/tools/session-return.ts";

const parentKey = "agent:main:main";
const reply: RunReply = {
  runId: "spawn-1",
  sessionKey: "agent:main:subagent:1",
  agentId: "main",
  principal: { isOwner: true, channel: "system", accountId: undefined, senderId: undefined, deviceId: undefined },
  route: returnRoute(parentKey, "keep", undefined),
  ending: "final",
  text: "seven",
  media: [],
};

test("[agent-tools:spawn] sessions_spawn: an answer that can't be handed over isn't thrown away: the end of its run isn't written, and comes again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "saltgate-return-"));
  const database = new SqliteDatabase({ file: join(directory, "state.db"), parts: [agentSchema] });
  try {
    const ids = ["s1", "m1"].values();
    const newId = (): string => ids.next().value ?? "more";
    const sessions = new SessionStore({ newId, newMessageId: newId });
    // What a gateway says that began to end while the answer was on its way to the disk.
    const refused: Acceptance = { status: "refused", code: "closed", reason: "The gateway is ending." };
    const ending = database.write((sql) => {
      sessions.ensure(sql, { key: parentKey, nowMs: 1 });
      returnAnswer(sql, reply, { sessions, accept: () => refused });
    });
    await expect(ending).rejects.toThrow("The gateway is ending.");
    expect(await database.read((sql) => sessions.get(sql, parentKey))).toBeUndefined();
  } finally {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  }
});
