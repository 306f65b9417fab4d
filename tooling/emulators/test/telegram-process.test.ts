import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Telegram } from "telegraf";
import { expect, test } from "vitest";

/** What this test reads of an answer. */
interface Answer {
  readonly ok?: boolean;
  readonly url?: string;
  readonly result?: { readonly token: string; readonly id: number };
}

test("[telegram:emulator] emulator: it runs as a process of its own, takes orders, and ends with its input", async () => {
  const main = join(import.meta.dirname, "../src/telegram-main.ts");
  const child = spawn(process.execPath, ["--conditions=@saltgate/source", main], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value as string) as Answer;
    const order = async (fields: object) => {
      child.stdin.write(`${JSON.stringify(fields)}\n`);
      return next();
    };
    const { url } = await next();
    const post = async (fields: object) =>
      (await (await fetch(`${url}/control`, { method: "POST", body: JSON.stringify(fields) })).json()) as Answer;
    const bot = (await order({ do: "bot", username: "helper_bot" })).result!;
    const ann = (await order({ do: "person", firstName: "Ann" })).result!;
    expect(await post({ do: "say", from: ann.id, text: "hello" })).toEqual({ ok: true, result: { message: 1 } });
    await new Telegram(bot.token, { apiRoot: url! }).sendMessage(ann.id, "hi");
    expect(await post({ do: "untilSent", chat: ann.id, count: 1 })).toMatchObject({
      ok: true,
      result: [{ text: "hi" }],
    });
    expect(await order({ do: "state", chat: ann.id })).toMatchObject({
      result: { messages: [{ id: 1 }, { id: 2 }] },
    });
    expect(await post({ do: "calls", method: "sendMessage" })).toMatchObject({ result: [{ params: { text: "hi" } }] });
    expect(await post({ do: "nonsense" })).toMatchObject({
      ok: false,
      error: expect.stringContaining("There is no order"),
    });
    child.stdin.end();
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    child.kill("SIGKILL");
  }
});
