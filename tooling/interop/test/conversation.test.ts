import { describe, expect, test } from "vitest";
import { ModelsEmulator } from "../../emulators/src/models/models-emulator.ts";
import { startGatewayProcess } from "../src/gateway-process.ts";
import { ReferenceClient } from "../src/reference-client.ts";
import { Revision3Client } from "../src/revision-3-client.ts";
import type { Frame } from "../src/wire.ts";

interface Said {
  readonly runId: string;
  readonly state: string;
  readonly deltaText?: string;
  readonly message?: { readonly content: readonly { readonly text?: string }[] };
}

const scopes = ["operator.read", "operator.write"];
const answer = "one two three four five six seven eight nine ten";

const textOf = ({ message }: Said): string => (message?.content ?? []).map(({ text = "" }) => text).join("");

/** A gateway process that thinks with an emulated model. */
async function startThinkingGateway(models: ModelsEmulator) {
  return await startGatewayProcess({
    sections: {
      models: {
        providers: { emulated: { baseUrl: `${models.url}/v1`, api: "openai-completions", models: [{ id: "m" }] } },
      },
      agents: { defaults: { model: { primary: "emulated/m" } } },
    },
  });
}

/** What was told of a run, from the payloads of `chat` events. */
const ofRun = (payloads: readonly Said[], runId: string): Said[] =>
  payloads.filter((payload) => payload.runId === runId);

const isOver = ({ state }: Said): boolean => ["final", "aborted", "error"].includes(state);

describe("conversation", () => {
  test("[chat:reference-client] the reference client of revision 4 sends, hears what is new, reads back and stops", async () => {
    await using models = await ModelsEmulator.start();
    models.script({ times: 1, answer: { text: answer, chunkChars: 5 } }, { answer: { text: "long" }, pace: "manual" });
    await using gateway = await startThinkingGateway(models);
    const { token, url } = gateway;
    await using client = new ReferenceClient({ url, token, scopes });
    await client.saw("hello");
    const chats = (): Said[] =>
      client
        .all("event")
        .map(({ event }) => event as { readonly event: string; readonly payload: Said })
        .flatMap(({ event, payload }) => (event === "chat" ? [payload] : []));
    const ended = (runId: string): Promise<Said> => client.sightings.until(() => ofRun(chats(), runId).find(isOver));

    const asked = { sessionKey: "main", message: "count", idempotencyKey: "k1" };
    expect(await client.request("chat.send", asked)).toMatchObject({
      ok: true,
      payload: { runId: "k1", status: "started" },
    });
    const final = await ended("k1");
    expect(final.state).toBe("final");
    expect(textOf(final)).toBe(answer);
    const deltas = ofRun(chats(), "k1").filter(({ state }) => state === "delta");
    expect(deltas.map(({ deltaText }) => deltaText).join("")).toBe(answer);
    expect(await client.request("chat.send", asked)).toMatchObject({ payload: { runId: "k1", status: "ok" } });

    const { payload } = await client.request("chat.history", { sessionKey: "main" });
    const { messages } = payload as { messages: Said["message"][] };
    expect(messages.map((message) => textOf({ message } as Said))).toEqual(["count", answer]);

    await client.request("chat.send", { sessionKey: "main", message: "more", idempotencyKey: "k2" });
    await models.received(2);
    expect(await client.request("chat.abort", { sessionKey: "main", runId: "k2" })).toMatchObject({
      payload: { ok: true, aborted: true, runIds: ["k2"] },
    });
    expect((await ended("k2")).state).toBe("aborted");
    expect(client.all("gap")).toEqual([]);
  });

  test("[chat:reference-client] a client of revision 3 hears everything that was said so far, in frames that its strict reader takes", async () => {
    await using models = await ModelsEmulator.start();
    models.script({ answer: { text: answer, chunkChars: 5 } });
    await using gateway = await startThinkingGateway(models);
    await using client = new Revision3Client(gateway.url, {
      clientId: "gateway-client",
      mode: "backend",
      scopes,
      frames: "text",
      nonce: "signed",
    });
    expect((await client.connect({ token: gateway.token })).ok).toBe(true);
    const sent = await client.request("chat.send", { sessionKey: "main", message: "count", idempotencyKey: "k1" });
    expect(sent).toMatchObject({ ok: true, payload: { runId: "k1", status: "started" } });
    const chats = (frames: readonly Frame[]): Said[] =>
      frames.flatMap((frame) => (frame["event"] === "chat" ? [frame["payload"] as Said] : []));
    const final = await client.wire.frames.until((frames) => ofRun(chats(frames), "k1").find(isOver));
    expect(textOf(final)).toBe(answer);
    const deltas = ofRun(chats(client.wire.frames.items), "k1").filter(({ state }) => state === "delta");
    expect(deltas.length).toBeGreaterThan(0);
    let before = "";
    for (const delta of deltas) {
      expect(textOf(delta).startsWith(before)).toBe(true);
      before = textOf(delta);
    }
    expect(before).toBe(answer);
    const history = await client.request("chat.history", { sessionKey: "main", limit: 10 });
    expect(history).toMatchObject({ ok: true, payload: { messages: [{ role: "user" }, { role: "assistant" }] } });
    expect(client.dropped).toEqual([]);
  });
});
