import { Agent, request } from "node:http";
import { median, percentile } from "../statistics.ts";
import type { Target } from "./jobs.ts";
import { LoadClient } from "./load-client.ts";

const now = (): number => performance.now();
const CHAT = Buffer.from('"event":"chat"');

interface Said {
  readonly runId: string;
  readonly state: string;
  readonly deltaText?: string;
  readonly errorMessage?: string;
}

/** What is told of runs, to whoever listens for one. */
class Runs {
  readonly #listeners = new Map<string, (said: Said) => void>();

  readonly take = (data: Buffer): void => {
    if (data.indexOf(CHAT) === -1) return;
    const { payload }: { payload: Said } = JSON.parse(data.toString("utf8"));
    this.#listeners.get(payload.runId)?.(payload);
  };

  /** Resolves at the end of a run. @throws when it failed */
  until(runId: string, onDelta: (said: Said) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#listeners.set(runId, (said) => {
        if (said.state === "delta") return onDelta(said);
        this.#listeners.delete(runId);
        if (said.state === "final") resolve();
        else reject(new Error(`the run ended with ${said.state}: ${said.errorMessage}`));
      });
    });
  }
}

/** Asks the model itself, as the gateway would, and reads its stream to the end. */
function askDirectly(url: string, agent: Agent, onChunk: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({
      model: "m",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "x".repeat(1_500) },
        { role: "user", content: "say something" },
      ],
    });
    const headers = { "content-type": "application/json" };
    const asked = request(`${url}/v1/chat/completions`, { method: "POST", agent, headers }, (response) => {
      response.setEncoding("utf8");
      response.on("data", onChunk);
      response.on("end", () => resolve());
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Milliseconds to the first words and to the end. */
interface TurnTimes {
  readonly firstP50: number;
  readonly firstP99: number;
  readonly endP50: number;
  readonly endP99: number;
}

function timesOf(samples: readonly { readonly first: number; readonly end: number }[]): TurnTimes {
  const [firsts, ends] = [samples.map(({ first }) => first), samples.map(({ end }) => end)];
  return {
    firstP50: median(firsts),
    firstP99: percentile(firsts, 0.99),
    endP50: median(ends),
    endP99: percentile(ends, 0.99),
  };
}

/** One turn after another, through the gateway and without it by turns. */
export async function turns(
  target: Target,
  { modelUrl, count }: { modelUrl: string; count: number },
): Promise<{ direct: TurnTimes; gateway: TurnTimes }> {
  const runs = new Runs();
  const client = await LoadClient.connect({ ...target, onEvent: runs.take });
  const agent = new Agent({ keepAlive: true });
  const samples: Record<"direct" | "gateway", { first: number; end: number }[]> = { direct: [], gateway: [] };
  const warmUp = Math.ceil(count / 4);
  for (let index = 0; index < count + warmUp; index += 1) {
    for (const side of ["direct", "gateway"] as const) {
      let first: number | undefined;
      const from = now();
      const noteFirst = (): void => {
        first ??= now() - from;
      };
      if (side === "direct") {
        await askDirectly(modelUrl, agent, (text) => text.includes('"content":') && noteFirst());
      } else {
        const runId = `turn-${process.pid}-${Date.now()}-${index}`;
        const over = runs.until(runId, noteFirst);
        await client.request("chat.send", {
          sessionKey: `bench-${index % 50}`,
          message: "say something",
          idempotencyKey: runId,
        });
        await over;
      }
      const end = now() - from;
      if (index >= warmUp) samples[side].push({ first: first ?? end, end });
    }
  }
  agent.destroy();
  await client.close();
  return { direct: timesOf(samples.direct), gateway: timesOf(samples.gateway) };
}

/** What many streams at once came to. */
interface StreamTimes {
  readonly finished: number;
  readonly perSecond: number;
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
}

/** Many streams at once, through the gateway or without it: each piece says when it was sent. */
export async function streams(
  target: Target,
  { modelUrl, sessions, direct }: { modelUrl: string; sessions: number; direct: boolean },
): Promise<StreamTimes> {
  const delays: number[] = [];
  const note = (text: string): void => {
    const atMs = Date.now();
    for (const [stamp] of text.matchAll(/\d{13}/g)) delays.push(atMs - Number(stamp));
  };
  const from = now();
  let finished = 0;
  if (direct) {
    const agent = new Agent({ keepAlive: false });
    const one = async (): Promise<void> => {
      await askDirectly(modelUrl, agent, (text) => {
        for (const [, content = ""] of text.matchAll(/"content":"([^"]*)"/g)) note(content);
      });
      finished += 1;
    };
    await Promise.all(Array.from({ length: sessions }, one));
  } else {
    const runs = new Runs();
    const client = await LoadClient.connect({ ...target, onEvent: runs.take });
    const ends: Promise<void>[] = [];
    await lanes(sessions, 16, async (index) => {
      const runId = `stream-${index}`;
      const over = runs.until(runId, ({ deltaText = "" }) => note(deltaText));
      ends.push(
        over.then(() => {
          finished += 1;
        }),
      );
      await client.request("chat.send", { sessionKey: runId, message: "say something", idempotencyKey: runId });
    });
    await Promise.all(ends);
    await client.close();
  }
  const seconds = (now() - from) / 1_000;
  return {
    finished,
    perSecond: delays.length / seconds,
    delayP50Ms: median(delays),
    delayP99Ms: percentile(delays, 0.99),
  };
}

/** Runs `each` for every number below `count`, some at a time. */
async function lanes(count: number, atOnce: number, each: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await each(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** Messages that are acknowledged as kept, each in a session of its own. */
export async function accepted(
  target: Target,
  { count, atOnce }: { count: number; atOnce: number },
): Promise<{ perSecond: number }> {
  const client = await LoadClient.connect(target);
  const send = async (name: string, total: number): Promise<void> =>
    lanes(total, atOnce, async (index) => {
      const key = `${name}-${atOnce}-${index}`;
      await client.request("chat.send", { sessionKey: key, message: "keep this", idempotencyKey: key });
    });
  await send("warm", Math.ceil(count / 4));
  const from = now();
  await send("message", count);
  const perSecond = count / ((now() - from) / 1_000);
  await client.close();
  return { perSecond };
}

/** Messages that are answered to their end. */
export async function answered(
  target: Target,
  { from, count, atOnce, sessions }: { from: number; count: number; atOnce: number; sessions: number },
): Promise<{ perSecond: number }> {
  const runs = new Runs();
  const client = await LoadClient.connect({ ...target, onEvent: runs.take });
  const startedAt = now();
  await lanes(count, atOnce, async (index) => {
    const runId = `answered-${from + index}`;
    const over = runs.until(runId, () => undefined);
    const sessionKey = `bench-${(from + index) % sessions}`;
    await client.request("chat.send", { sessionKey, message: "what time is it", idempotencyKey: runId });
    await over;
  });
  const perSecond = count / ((now() - startedAt) / 1_000);
  await client.close();
  return { perSecond };
}
