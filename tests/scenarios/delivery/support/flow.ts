import { setTimeout as pause } from "node:timers/promises";
import { GatewayError } from "@saltgate/client";
import { isAnswered } from "./answers.ts";
import type { DeliveryWorld, Place } from "./delivery-world.ts";

/** Something that was asked. `id` stands at its beginning and `end` at its end, and nowhere else in the world. */
export interface Question {
  readonly id: string;
  readonly end: string;
}

/** Of somebody on Telegram. */
export interface ChatQuestion extends Question {
  readonly place: Place;
  readonly messageId: number;
}

/** Of a web chat, which has asked until it was told that the question was taken. */
export interface WebQuestion extends Question {
  readonly sessionKey: string;
  readonly runId: string;
}

/** Something that was said in a group and isn't for the bot, but context of what is. */
export interface Aside {
  readonly id: string;
  readonly place: Place;
}

/** How many questions of one place wait for their answers at most. */
const maxWaiting = 3;
const webSessions = ["agent:main:web-1", "agent:main:web-2"];
const filler = ["the", "weather", "over", "a", "quiet", "harbour", "turns", "slowly", "while", "boats", "come", "home"];

/** People who write all the time, in chats and on web pages. */
export class Flow {
  readonly asked: ChatQuestion[] = [];
  readonly asides: Aside[] = [];
  readonly taken: WebQuestion[] = [];
  /** Strangers who have written. */
  readonly knocked = new Set<number>();
  readonly #world: DeliveryWorld;
  readonly #repeats: boolean;
  #number = 0;
  #isOver = false;
  #wake: (() => void)[] = [];
  #streams: Promise<unknown> | undefined;

  /** @param options `repeats`: whether Telegram now and then brings again what was confirmed */
  constructor(world: DeliveryWorld, { repeats = true }: { readonly repeats?: boolean } = {}) {
    this.#world = world;
    this.#repeats = repeats;
  }

  /** Begins. The promise rejects as soon as one of them can't go on. */
  begin(): Promise<unknown> {
    const { places, strangers } = this.#world;
    this.#streams = Promise.all([
      ...places.map((place) => this.#write(place)),
      ...webSessions.map((sessionKey) => this.#browse(sessionKey)),
      ...strangers.map((stranger) => this.#goOnKnocking(stranger)),
    ]);
    this.#streams.catch(() => undefined); // whoever waits for it hears of it
    return this.#streams;
  }

  /** Nobody begins anything new; resolves when what was begun has been said. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const wake of this.#wake.splice(0)) wake();
    this.#world.telegram.calls.changed();
    await this.#streams;
  }

  /** Asks one question in a place. */
  ask(place: Place): ChatQuestion {
    const { telegram, random } = this.#world;
    const question = this.#question();
    const text = `${place.call}${question.id} ${this.#words(random.below(3) === 0 ? 60 : 12)} ${question.end}`;
    const messageId = telegram.people.say({
      from: place.from,
      chat: place.chat,
      text,
      ...(place.topic !== undefined && { topic: place.topic }),
    });
    const asked = { ...question, place, messageId };
    this.asked.push(asked);
    return asked;
  }

  /** Says something in a web chat, again and again until it is acknowledged. */
  async say(sessionKey: string): Promise<WebQuestion> {
    const question = this.#question();
    const message = `${question.id} ${this.#words(12)} ${question.end}`;
    const runId = `web-${question.id}`;
    const deadline = Date.now() + 240_000;
    for (;;) {
      try {
        await this.#world.ask((client) =>
          client.request("chat.send", { sessionKey, message, idempotencyKey: runId }, { timeoutMs: 5_000 }),
        );
        break;
      } catch (error) {
        // It was taken before, and has come to a bad end.
        if (error instanceof GatewayError && error.detailCode === "RUN_FAILED") break;
        if (this.#world.isOver || Date.now() > deadline) throw error;
        await pause(20);
      }
    }
    const taken = { ...question, sessionKey, runId };
    this.taken.push(taken);
    return taken;
  }

  /** A stranger writes once. */
  knock(stranger: number): void {
    this.#world.telegram.people.say({ from: stranger, text: "is anybody there?" });
    this.knocked.add(stranger);
  }

  async #write(place: Place): Promise<void> {
    const { telegram, random, bot } = this.#world;
    while (!this.#isOver) {
      if (place.call !== "" && random.below(3) === 0) this.#mutter(place);
      this.ask(place);
      if (random.below(10) === 0) bot.queue.twist(random.pick(["duplicate", "out-of-order"]));
      if (random.below(10) === 0 && this.#repeats) bot.queue.redeliver();
      await telegram.calls.until(() => this.#isOver || this.#waitingIn(place) < maxWaiting);
      await this.#breath(50 + random.below(700));
    }
  }

  #mutter(place: Place): void {
    const { telegram } = this.#world;
    const id = this.#question().id.replace("q", "c");
    const text = `${id} between ourselves`;
    const topic = place.topic === undefined ? {} : { topic: place.topic };
    telegram.people.say({ from: place.from, chat: place.chat, text, ...topic });
    this.asides.push({ id, place });
  }

  #waitingIn(place: Place): number {
    const own = this.asked.filter((one) => one.place === place).slice(-maxWaiting);
    if (own.length < maxWaiting) return 0;
    return own.filter((question) => !isAnswered(this.#world, question, own)).length;
  }

  async #browse(sessionKey: string): Promise<void> {
    const { random } = this.#world;
    const said: WebQuestion[] = [];
    while (!this.#isOver) {
      said.push(await this.say(sessionKey));
      const earlier = said.at(-maxWaiting);
      if (earlier !== undefined) await this.#patiently(earlier);
      await this.#breath(random.below(300));
    }
  }

  /** Waits for the end of a run, though not beyond the end of the flow. */
  async #patiently({ runId }: WebQuestion): Promise<void> {
    while (!this.#isOver) {
      const { status } = await this.#world.ask((client) => client.request("agent.wait", { runId, timeoutMs: 200 }));
      if (status !== "timeout") return;
    }
  }

  /** A stranger writes again and again, as strangers do. */
  async #goOnKnocking(stranger: number): Promise<void> {
    const { random } = this.#world;
    while (!this.#isOver) {
      this.knock(stranger);
      await this.#breath(500 + random.below(2_000));
    }
  }

  #question(): Question {
    this.#number += 1;
    const number = String(this.#number).padStart(5, "0");
    return { id: `q${number}x`, end: `e${number}x` };
  }

  #words(count: number): string {
    return Array.from({ length: count }, () => filler[this.#world.random.below(filler.length)]).join(" ");
  }

  /** Not a wait for anything: it only chooses the moment. */
  async #breath(ms: number): Promise<void> {
    if (this.#isOver) return;
    const over = new Promise<void>((resolve) => this.#wake.push(resolve));
    const rest = new AbortController();
    await Promise.race([pause(ms, undefined, { signal: rest.signal }).catch(() => undefined), over]);
    rest.abort();
  }
}
