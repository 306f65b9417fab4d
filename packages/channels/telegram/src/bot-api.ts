import { type ChannelClock, ChannelError } from "@saltgate/channel";
import { CallError, channelErrorOf, failureOf } from "./call-failure.ts";

/** Where bots are served unless `apiRoot` says otherwise. */
export const publicApiRoot = "https://api.telegram.org";

export interface CallOptions {
  readonly signal: AbortSignal;
  /** The call is given up after this time, in milliseconds. */
  readonly deadlineMs: number;
}

/** The methods of the Bot API, for one token. */
export interface BotApi {
  /** @throws {CallError} */
  call(method: string, payload: Readonly<Record<string, unknown>>, options: CallOptions): Promise<unknown>;
  /** @throws {ChannelError} without the address, which holds the token */
  download(path: string, maxBytes: number, options: CallOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** Loads the library and makes the methods of one token. Connects nothing. */
export async function openBotApi(token: string, apiRoot: string, clock: ChannelClock): Promise<BotApi> {
  const { Telegram } = await import("telegraf");
  const root = apiRoot.endsWith("/") ? apiRoot : `${apiRoot}/`;
  const telegram = new Telegram(token, { apiRoot: root, webhookReply: false });
  const callApi = telegram.callApi.bind(telegram) as unknown as (
    method: string,
    payload: object,
    options: { readonly signal: AbortSignal },
  ) => Promise<unknown>;
  return {
    async call(method, payload, { signal, deadlineMs }) {
      const deadline = new Deadline(clock, deadlineMs, signal);
      try {
        return await callApi(method, { ...payload }, { signal: deadline.signal });
      } catch (error) {
        // The library's error holds what was sent; ours doesn't, so it isn't passed on as the cause.
        throw new CallError(method, deadline.isOver ? { kind: "late" } : failureOf(error));
      } finally {
        deadline.end();
      }
    },
    async download(path, maxBytes, { signal, deadlineMs }) {
      const deadline = new Deadline(clock, deadlineMs, signal);
      const address = new URL(`./file/bot${token}/${path}`, root);
      try {
        const response = await fetch(address, { signal: deadline.signal, redirect: "error" });
        if (!response.ok) {
          await response.body?.cancel();
          const failure = {
            kind: "answered",
            code: response.status,
            description: "the file isn't there",
            retryAfterMs: undefined,
            migratedTo: undefined,
          } as const;
          throw new CallError("file", failure);
        }
        return await readBounded(response, maxBytes);
      } catch (error) {
        if (error instanceof ChannelError) throw error;
        if (error instanceof CallError) throw channelErrorOf("file", error.failure, false);
        throw channelErrorOf(
          "file",
          deadline.isOver ? { kind: "late" } : failureOf((error as Error).cause ?? error),
          false,
        );
      } finally {
        deadline.end();
      }
    },
  };
}

async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A file is larger than what is allowed. */
export function tooLarge(maxBytes: number): ChannelError {
  return new ChannelError("refused", `The file is larger than ${maxBytes} bytes.`, {
    fix: "Raise channels.telegram.mediaMaxMb (20 at most: Telegram gives bots no larger files).",
  });
}

/** Aborts when its time is over or its parent is. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #cancel: () => void;
  readonly #parent: AbortSignal;
  isOver = false;

  constructor(clock: ChannelClock, ms: number, parent: AbortSignal) {
    this.#parent = parent;
    this.#cancel = clock.after(ms, () => {
      this.isOver = true;
      this.#controller.abort();
    });
    if (parent.aborted) this.#controller.abort();
    parent.addEventListener("abort", this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #abort = (): void => this.#controller.abort();

  /** It is over, one way or another. */
  end(): void {
    this.#cancel();
    this.#parent.removeEventListener("abort", this.#abort);
  }
}
