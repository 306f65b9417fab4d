import type { ChatMessage, PayloadOf } from "@saltgate/protocol";
import { CommandError } from "../command-error.ts";
import type { GatewaySession } from "../gateway-session.ts";
import { messageText, saidSoFar } from "../output/message-text.ts";
import { repeatWhenCut } from "../repeat-when-cut.ts";
import type { AnswerEnding, ChatView } from "./chat-view.ts";

/** Which conversation is meant. */
export interface ConversationName {
  readonly sessionKey: string;
  readonly agentId?: string;
}

/** A question of ours that has no answer yet. */
interface Pending {
  readonly message: string;
  readonly answered: (ending: AnswerEnding) => void;
}

/** Messages that are looked at when the connection is there again. */
const CATCH_UP = 50;

/**
 * One conversation, as somebody takes part in it: what is said by whomever is shown, and what we say gets its answer once,
 * through losses of the connection too.
 */
export class Conversation {
  readonly #session: GatewaySession;
  readonly #view: ChatView;
  readonly #newId: () => string;
  readonly #name: ConversationName;
  readonly #pending = new Map<string, Pending>();
  /** The conversation's complete key. */
  #key: string;
  /** The answer that is being said. */
  #speaking: { readonly runId: string; readonly text: string } | undefined;
  /** From where the history is news; undefined for a gateway that doesn't say. */
  #cursor: string | undefined;
  /** Whether nobody had said anything when it was opened, or since. */
  #isUnbegun = false;
  /** Answers that were shown since. */
  #shown: string[] = [];

  /** @param newId gives each question a key of its own, so that it is asked once */
  constructor(session: GatewaySession, name: ConversationName, view: ChatView, newId: () => string) {
    this.#session = session;
    this.#name = name;
    this.#key = name.sessionKey;
    this.#view = view;
    this.#newId = newId;
  }

  /** The conversation's complete key, once it is open. */
  get key(): string {
    return this.#key;
  }

  /** Whether a question of ours waits for its answer. */
  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  /** Shows what was said before, and from then on what is said. @throws {CommandError} when there can be no such conversation */
  async open(limit: number): Promise<void> {
    const {
      deltaCursor,
      messages = [],
      sessionKey,
    } = await this.#session.request("chat.history", {
      ...this.#name,
      limit,
    });
    this.#key = sessionKey ?? this.#key;
    this.#cursor = deltaCursor;
    this.#isUnbegun = deltaCursor === undefined && messages.length === 0;
    this.#session.on("chat", (step) => this.#take(step));
    this.#session.onReturn(() => {
      this.#catchUp().catch((error: unknown) => {
        if (error instanceof CommandError) this.#view.note(error.message);
        else throw error;
      });
    });
    this.#view.history(messages);
  }

  /** Says something, and resolves with the answer. @throws {CommandError} when it can't be said */
  async say(message: string): Promise<AnswerEnding> {
    const runId = this.#newId();
    const { promise, resolve } = Promise.withResolvers<AnswerEnding>();
    this.#pending.set(runId, { message, answered: resolve });
    try {
      const done = await this.#ask(runId, message);
      if (done !== undefined && this.#pending.has(runId)) await this.#endLate(runId, done);
      return await promise;
    } finally {
      this.#pending.delete(runId);
    }
  }

  /** Stops what runs in the conversation. @returns whether something did */
  async stop(): Promise<boolean> {
    const { aborted } = await this.#session.request("chat.abort", { ...this.#name });
    return aborted;
  }

  /** Asks with the same key as often as need be. @returns how it ended, when that is known already */
  async #ask(runId: string, message: string): Promise<AnswerEnding | undefined> {
    const order = { ...this.#name, message, idempotencyKey: runId };
    try {
      const answer = await repeatWhenCut(this.#session, () => this.#session.request("chat.send", order));
      if ("aborted" in answer)
        return answer.aborted ? { state: "aborted" } : { state: "final", text: "Nothing is running here." };
      return answer.status === "ok" ? { state: "final", text: "" } : undefined;
    } catch (error) {
      if (!(error instanceof CommandError) || error.code !== "RUN_FAILED") throw error;
      return { state: "error", message: error.message };
    }
  }

  #take(step: PayloadOf<"chat">): void {
    if (step.sessionKey !== this.#key) return;
    const text = step.message === undefined ? "" : messageText(step.message);
    switch (step.state) {
      case "delta": {
        const soFar = saidSoFar(this.#speaking?.runId === step.runId ? this.#speaking.text : "", step);
        this.#speaking = { runId: step.runId, text: soFar };
        return this.#view.speaking(step.runId, soFar);
      }
      case "final":
        return this.#finish(step.runId, { state: "final", text });
      case "aborted":
        return this.#finish(step.runId, { state: "aborted" });
      case "error":
        return this.#finish(step.runId, { state: "error", message: step.errorMessage ?? "the run failed" });
      case "status":
        return;
      default:
        step.state satisfies never;
    }
  }

  /** An answer was heard whole: later, the history is news from there. */
  #finish(runId: string, ending: AnswerEnding): void {
    if (ending.state === "final") this.#shown.push(ending.text);
    this.#end(runId, ending);
    this.#news().then(
      () => (this.#shown = []),
      () => undefined, // the way is cut; what was shown is remembered until it is back
    );
  }

  #end(runId: string, ending: AnswerEnding): void {
    const pending = this.#pending.get(runId);
    this.#pending.delete(runId);
    this.#view.ended(runId, ending);
    pending?.answered(ending);
  }

  /** A question was answered while nobody listened: the answer stands in the history. */
  async #endLate(runId: string, ending: AnswerEnding): Promise<void> {
    await this.#showNews();
    if (this.#pending.has(runId)) this.#end(runId, ending);
  }

  /** After a loss: finds out about questions that have no answer yet, and shows what was said meanwhile. */
  async #catchUp(): Promise<void> {
    for (const [runId, { message }] of this.#pending) {
      const ending = await this.#ask(runId, message);
      if (ending !== undefined && this.#pending.has(runId)) await this.#endLate(runId, ending);
    }
    await this.#showNews();
  }

  /** Shows answers of the history that weren't shown when they were said. */
  async #showNews(): Promise<void> {
    const heard = this.#shown;
    this.#shown = [];
    for (const message of await this.#news()) {
      const text = message.role === "assistant" ? messageText(message) : "";
      if (text === "" || heard.includes(text)) continue;
      this.#view.ended(`history-${message.timestamp ?? ""}`, { state: "final", text });
    }
  }

  /** Messages since the last time that the history was asked for. */
  async #news(): Promise<readonly ChatMessage[]> {
    // A conversation that nobody had begun has no place in its history yet: everything in it is news.
    if (this.#cursor === undefined && !this.#isUnbegun) return [];
    const { deltaCursor, messages = [] } = await this.#session.request("chat.history", {
      ...this.#name,
      ...(this.#cursor !== undefined && { cursor: this.#cursor }),
      limit: CATCH_UP,
    });
    this.#isUnbegun &&= deltaCursor === undefined;
    this.#cursor = deltaCursor ?? this.#cursor;
    return messages;
  }
}
