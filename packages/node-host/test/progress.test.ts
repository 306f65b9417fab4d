import { describe, expect, test } from "vitest";
import { helloV3 } from "../../../tests/support/scripted-gateway.ts";
import { defineCommand } from "../src/index.ts";
import { startWorld } from "./support/world.ts";

interface Piece {
  readonly invokeId: string;
  readonly nodeId: string;
  readonly seq: number;
  readonly chunk: string;
  readonly stream?: string;
}

const talk = defineCommand<{ pieces: [string, "stdout" | "stderr"][] }>({
  name: "test.talk",
  cap: "test",
  run: async ({ pieces }, { progress, wantsProgress }) => {
    for (const [chunk, stream] of pieces) await progress(chunk, stream);
    return { wantsProgress };
  },
});

describe("progress", () => {
  test("[node-host:progress] progress: output comes in pieces of bounded length, numbered, and the answer after the last of them", async () => {
    await using at = await startWorld([talk]);
    const long = "0123456789".repeat(4_000);
    const id = at.ask("test.talk", {
      wantsProgress: true,
      params: {
        pieces: [
          ["hello ", "stdout"],
          ["bad", "stderr"],
          [long, "stdout"],
        ],
      },
    });
    await at.answerTo(id);
    const pieces = at.sent<Piece>("node.invoke.progress");
    expect(pieces.map(({ seq }) => seq)).toEqual(pieces.map((_, index) => index));
    expect(pieces.every(({ invokeId, nodeId }) => invokeId === id && nodeId === at.host.nodeId)).toBe(true);
    expect(Math.max(...pieces.map(({ chunk }) => chunk.length))).toBe(16_384);
    const of = (stream: string): string =>
      pieces
        .filter((piece) => piece.stream === stream)
        .map(({ chunk }) => chunk)
        .join("");
    expect(of("stdout")).toBe(`hello ${long}`);
    expect(of("stderr")).toBe("bad");
    expect(at.far.requests.at(-1)?.method).toBe("node.invoke.result");
  });

  test("progress: no piece ends in the middle of a character", async () => {
    await using at = await startWorld([talk]);
    const text = `a${"😀".repeat(20_000)}`;
    await at.invoke("test.talk", { wantsProgress: true, params: { pieces: [[text, "stdout"]] } });
    const chunks = at.sent<Piece>("node.invoke.progress").map(({ chunk }) => chunk);
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.every((chunk) => chunk.isWellFormed())).toBe(true);
    expect(chunks.join("")).toBe(text);
  });

  test("progress: without a reader, and to a gateway that doesn't know it, none is sent", async () => {
    await using at = await startWorld([talk]);
    const params = { pieces: [["x", "stdout"]] };
    expect((await at.invoke("test.talk", { params })).payloadJSON).toBe('{"wantsProgress":false}');
    await using old = await startWorld([talk], { script: { connect: () => helloV3() }, versions: [3, 3] });
    expect((await old.invoke("test.talk", { params, wantsProgress: true })).payloadJSON).toBe(
      '{"wantsProgress":false}',
    );
    expect([...at.sent("node.invoke.progress"), ...old.sent("node.invoke.progress")]).toEqual([]);
  });

  test("[node-host:backpressure] progress: a command that waits never gets ahead of a gateway that doesn't take its output", async () => {
    let written = 0;
    const flood = defineCommand({
      name: "test.flood",
      cap: "test",
      run: async (_, { progress, signal }) => {
        while (!signal.aborted) {
          await progress("x".repeat(10_000), "stdout");
          written += 10_000;
        }
      },
    });
    await using at = await startWorld([flood], {
      script: { request: ({ method }) => (method === "node.invoke.progress" ? "silence" : { ok: true }) },
    });
    const id = at.ask("test.flood", { wantsProgress: true, timeoutMs: 10_000 });
    await at.far.until(() => at.sent("node.invoke.progress")[0]);
    await at.invoke("no.such");
    expect(at.sent("node.invoke.progress")).toHaveLength(1);
    expect(written).toBeLessThan(100_000);
    at.clock.advance(10_000);
    expect((await at.answerTo(id)).error?.code).toBe("TIMEOUT");
  });

  test("progress: what a lost connection swallows leaves a gap in the numbers", async () => {
    let next = (): void => {};
    const stepped = defineCommand({
      name: "test.step",
      cap: "test",
      run: async (_, { progress }) => {
        for (const chunk of ["a", "b", "c"]) {
          await new Promise<void>((resolve) => {
            next = resolve;
          });
          await progress(chunk);
        }
      },
    });
    await using at = await startWorld([stepped]);
    const id = at.ask("test.step", { wantsProgress: true });
    await at.invoke("no.such");
    next();
    await at.far.until(() => at.sent("node.invoke.progress")[0]);
    const lost = new Promise<void>((resolve) => at.host.onState(({ status }) => status === "waiting" && resolve()));
    at.far.sockets[0]?.socket.terminate();
    await lost;
    next();
    await new Promise((resolve) => setImmediate(resolve));
    at.host.resume();
    await at.host.connect();
    next();
    await at.answerTo(id);
    expect(at.sent<Piece>("node.invoke.progress").map(({ seq, chunk }) => [seq, chunk])).toEqual([
      [0, "a"],
      [2, "c"],
    ]);
  });
});
