import type { BotAccount } from "./world.ts";

/** Brings updates to the webhooks of bots: in their order, each until it is taken. */
export class WebhookSender {
  readonly #sending = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #onTaken: () => void;
  #isClosed = false;

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** Something waits for this bot. */
  wake(bot: BotAccount): void {
    if (bot.webhook === undefined || this.#sending.has(bot.token) || this.#isClosed) return;
    this.#sending.add(bot.token);
    void this.#send(bot).finally(() => this.#sending.delete(bot.token));
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #send(bot: BotAccount): Promise<void> {
    while (bot.webhook !== undefined && !this.#isClosed) {
      const [update] = bot.queue.pending;
      if (update === undefined) return;
      const { url, secret } = bot.webhook;
      const isTaken = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(secret !== undefined && { "x-telegram-bot-api-secret-token": secret }),
        },
        body: JSON.stringify(update),
      }).then(
        (response) => response.ok,
        () => false,
      );
      if (isTaken) {
        bot.queue.shift();
        this.#onTaken();
      } else await this.#pause(100);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((next) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        next();
      }, ms);
      this.#timers.add(timer);
    });
  }
}
