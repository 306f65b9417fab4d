import { type ReplyRoute, type RunEvent, type RunReply, visibleSoFar } from "@saltgate/agent";
import { type AccountKeeper, chunkMarkdown, type NewDelivery, type OutboundTarget } from "@saltgate/channel";
import type { SqlDatabase, SqlTransaction } from "@saltgate/store";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { fileTypeOf } from "../channels/file-type.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logging/logger.ts";

export interface ReplyDeskOptions {
  readonly desk: ChannelDesk;
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** From this length on the beginning of an answer is shown. */
const liveFromChars = 40;
/**
 * How often the beginning is cut for its platform at most, in milliseconds: each time the whole answer so far is read, and
 * models send thousands of pieces.
 */
const cutEveryMs = 250;
/** How long typing is shown for one run at most, in milliseconds. */
const typingForMs = 120_000;

interface Speaking {
  readonly keeper: AccountKeeper;
  readonly route: ReplyRoute;
  /** The beginning, as it is shown. */
  text: string;
  /** Everything that was said so far. */
  said: string;
  cutAtMs: number;
  /** Ends the wait for the next cut. */
  cancelCut: (() => void) | undefined;
  /** Whether the beginning is in the outbox. */
  isLive: boolean;
  stopTyping: () => void;
}

/**
 * Takes what runs say to their conversations: typing while they work, the beginning of an answer where the platform lets
 * it grow, and the end of it, which goes into the outbox in the very transaction that ends the run.
 */
export class ReplyDesk {
  readonly #options: ReplyDeskOptions;
  readonly #speaking = new Map<string, Speaking>();

  constructor(options: ReplyDeskOptions) {
    this.#options = options;
  }

  /** Within the transaction that ends a run: puts its answer into the outbox, each part once. */
  reply(sql: SqlTransaction, reply: RunReply): void {
    const { desk } = this.#options;
    const { route, runId, text } = reply;
    const keeper = desk.keeper(route);
    const chunks = text.trim() === "" ? [] : chunkMarkdown(text, chunkRulesOf(keeper));
    const replyTo = replyIds(reply, keeper);
    for (const [part, chunk] of chunks.entries()) {
      const key = partKey(runId, part);
      if (part === 0 && desk.outbox.finish(sql, key, chunk)) continue;
      const replyToId = replyTo(part);
      const delivery: NewDelivery = {
        channel: route.channel,
        accountId: route.accountId,
        key,
        runId,
        target: targetOf(route),
        content: { kind: "text", text: chunk, ...(replyToId !== undefined && { replyToId }) },
      };
      desk.outbox.add(sql, delivery);
    }
    // Files of the agent's folder are the owner's: nobody else has them sent, whatever he has the agent say.
    for (const [part, path] of (reply.principal.isOwner ? reply.media : []).entries()) {
      const file = attachedFile(reply.agentId, path, reply.asVoice === true);
      if (file === undefined) continue;
      const { channel, accountId } = route;
      const content = { kind: "media", file } as const;
      desk.outbox.add(sql, {
        channel,
        accountId,
        key: `run:${runId}:file-${part}`,
        runId,
        target: targetOf(route),
        content,
      });
    }
    // Nothing to say in the end: what was shown of it stays, as it can't be taken back everywhere.
    if (chunks.length === 0) this.#leaveShown(sql, runId, this.#speaking.get(runId)?.text ?? "");
  }

  /** Takes a step of a run. */
  take(event: RunEvent): void {
    if (event.type === "started") this.#begin(event);
    else if (event.type === "text") this.#grow(event);
    else if (event.type === "ended") this.#end(event);
  }

  /** Runs whose answers are on their way. */
  get size(): number {
    return this.#speaking.size;
  }

  #begin({ reply: route, runId }: Extract<RunEvent, { type: "started" }>): void {
    const keeper = route && this.#options.desk.keeper(route);
    if (route === undefined || keeper === undefined) return;
    const nothing = { text: "", said: "", cutAtMs: 0, cancelCut: undefined, isLive: false };
    this.#speaking.set(runId, { keeper, route, ...nothing, stopTyping: this.#type(keeper, route) });
  }

  #grow(event: Extract<RunEvent, { type: "text" }>): void {
    const speaking = this.#speaking.get(event.runId);
    if (speaking === undefined) return;
    const { account, adapter } = speaking.keeper;
    if (account.policy.streaming === "off" || adapter.descriptor.capabilities.liveText === "none") return;
    speaking.said = event.text;
    const { clock } = this.#options;
    const waitMs = speaking.cutAtMs + cutEveryMs - clock.now();
    if (waitMs <= 0 || waitMs > cutEveryMs) return this.#cut(event.runId, speaking);
    speaking.cancelCut ??= clock.after(waitMs, () => this.#cut(event.runId, speaking));
  }

  /** Shows as much of what was said as one message of the platform takes. */
  #cut(runId: string, speaking: Speaking): void {
    speaking.cancelCut?.();
    speaking.cancelCut = undefined;
    const text = beginningOf(speaking);
    if (text.length < liveFromChars) return;
    speaking.cutAtMs = this.#options.clock.now();
    speaking.text = text;
    const key = partKey(runId, 0);
    if (speaking.isLive) return speaking.keeper.grow(key, text);
    speaking.isLive = true;
    this.#open(runId, speaking, key).catch((error: unknown) => {
      this.#options.logger.warn(
        { err: error },
        "the beginning of an answer could not be kept; it comes whole at its end",
      );
    });
  }

  async #open(runId: string, { keeper, route, text }: Speaking, key: string): Promise<void> {
    const { database, desk } = this.#options;
    const replyToId = keeper.account.policy.replyToMode === "off" ? undefined : route.replyToId;
    await database.write((sql) =>
      desk.outbox.add(sql, {
        channel: route.channel,
        accountId: route.accountId,
        key,
        runId,
        live: true,
        target: targetOf(route),
        content: { kind: "text", text, ...(replyToId !== undefined && { replyToId }) },
      }),
    );
    keeper.grow(key, this.#speaking.get(runId)?.text ?? text);
    // It may have ended while its beginning was written: then nobody else says what it is in the end.
    if (!this.#speaking.has(runId)) await this.#finishLeftover(runId, keeper, text);
  }

  #end(event: Extract<RunEvent, { type: "ended" }>): void {
    const { runId } = event;
    const speaking = this.#speaking.get(runId);
    this.#speaking.delete(runId);
    if (speaking === undefined) return;
    speaking.stopTyping();
    speaking.cancelCut?.();
    const { keeper } = speaking;
    keeper.grown(partKey(runId, 0));
    keeper.nudge();
    if (event.ending.state === "final" || !speaking.isLive) return;
    this.#finishLeftover(runId, keeper, beginningOf(speaking)).catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, "the end of an answer could not be kept");
    });
  }

  /** A run that ended without an answer leaves what was shown of it as it is. */
  async #finishLeftover(runId: string, keeper: AccountKeeper | undefined, text: string): Promise<void> {
    const { database } = this.#options;
    await database.write((sql) => this.#leaveShown(sql, runId, text));
    keeper?.grown(partKey(runId, 0));
    keeper?.nudge();
  }

  /** @param text what is shown; empty where only the outbox knows, as of a run that was begun before a restart */
  #leaveShown(sql: SqlTransaction, runId: string, text: string): void {
    const { outbox } = this.#options.desk;
    for (const row of outbox.liveOf(sql, runId)) {
      const begun = row.content.kind === "text" ? row.content.text : "…";
      outbox.finish(sql, row.key, text || (row.shown ?? begun));
    }
  }

  /** Shows that we are at work, until the run ends, though not for ever. */
  #type(keeper: AccountKeeper, route: ReplyRoute): () => void {
    const { typingMs } = keeper.adapter.descriptor.capabilities;
    if (typingMs === 0) return () => undefined;
    const { clock } = this.#options;
    const ending = new AbortController();
    const startedAtMs = clock.now();
    let cancel: () => void = () => undefined;
    const show = (): void => {
      if (ending.signal.aborted || clock.now() - startedAtMs > typingForMs) return;
      keeper.typing(targetOf(route), ending.signal);
      cancel = clock.after(Math.max(1_000, typingMs - 1_000), show);
    };
    show();
    return () => {
      ending.abort();
      cancel();
    };
  }
}

/** As much of an answer as the first message of its platform takes. */
function beginningOf({ keeper, said }: Pick<Speaking, "keeper" | "said">): string {
  return chunkMarkdown(visibleSoFar(said), chunkRulesOf(keeper))[0] ?? "";
}

type StoredFile = Extract<NewDelivery["content"], { kind: "media" }>["file"];

/**
 * A file of the agent's folder that an answer attaches, to be opened when it is sent (rule R-59 is kept there). Addresses
 * are left out: the gateway fetches nothing that a model names.
 */
function attachedFile(agentId: string, path: string, asVoice: boolean): StoredFile | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return undefined;
  const fileName = path.split(/[\\/]/).at(-1) ?? path;
  const { kind, mimeType } = fileTypeOf(fileName);
  return {
    mediaId: `workspace:${agentId}:${path}`,
    kind: kind === "audio" && asVoice ? "voice" : kind,
    fileName,
    mimeType,
  };
}

const partKey = (runId: string, part: number): string => `run:${runId}:${part}`;

function targetOf(route: ReplyRoute): OutboundTarget {
  return { to: route.to, ...(route.threadId !== undefined && { threadId: route.threadId }) };
}

/** How the answers of an account are cut; without an account, as any platform takes them. */
function chunkRulesOf(keeper: AccountKeeper | undefined): Parameters<typeof chunkMarkdown>[1] {
  if (keeper === undefined) return { maxChars: 2_000 };
  const { limits } = keeper.adapter.descriptor;
  const { chunkMode, textChunkChars } = keeper.account.policy;
  return {
    maxChars: Math.max(32, Math.min(textChunkChars ?? limits.textChunkChars, limits.maxTextChars)),
    maxLines: limits.maxLines,
    mode: chunkMode,
  };
}

/** Which message each part of an answer quotes. */
function replyIds(reply: RunReply, keeper: AccountKeeper | undefined): (part: number) => string | undefined {
  const mode = keeper?.account.policy.replyToMode ?? "off";
  return (part) => {
    if (reply.replyToId !== undefined) return part === 0 || mode === "all" ? reply.replyToId : undefined;
    if (mode === "off" || (mode === "first" && part > 0)) return undefined;
    return reply.route.replyToId;
  };
}
