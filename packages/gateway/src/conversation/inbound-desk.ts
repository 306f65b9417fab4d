import {
  type Acceptance,
  type AgentRuntime,
  type AgentSettings,
  isChatCommand,
  type MessagePart,
  type ReplyRoute,
  type RunPrincipal,
  routeTo,
  type TurnOptions,
  type TurnRequest,
} from "@saltgate/agent";
import {
  type AccountKeeper,
  compileMentionPatterns,
  conversationKey,
  type DropReason,
  decideAccess,
  groupRows,
  type InboundCommand,
  type InboundEvent,
  type InboundMessage,
  type InboundMigration,
  type InboxRow,
  mentionsBy,
  NotNowError,
} from "@saltgate/channel";
import { normalizeSenderId, pairingReply, type SenderPairing } from "@saltgate/pairing";
import type { SqlDatabase } from "@saltgate/store";
import type { ChannelDesk } from "../channels/channel-desk.ts";
import { keyOf } from "../channels/channel-desk.ts";
import { dropHint } from "../channels/drop-record.ts";
import { type Logger, loggable } from "../logging/logger.ts";
import { fetchImages } from "./inbound-media.ts";
import { contextText, plainText, quoteText, reactionText, toldText } from "./inbound-words.ts";
import type { SystemLines } from "./system-lines.ts";

/** What the configuration says about who may do what in chats. */
export interface ChatRules {
  /** Ids by which the owner is known on channels: `telegram:123`, or `123` on every channel. Never `*`. */
  readonly owners: readonly string[];
  /** Whether the channels' lists decide about commands too. */
  readonly useAccessGroups: boolean;
  /** How long to wait for more of what somebody writes in several messages, in milliseconds, by channel. */
  readonly debounceMs: (channel: string) => number;
  /** Patterns by which an agent is called in groups; undefined: its name. */
  readonly mentionPatterns: (agentId: string) => readonly string[] | undefined;
}

export interface InboundDeskOptions {
  readonly desk: ChannelDesk;
  readonly database: SqlDatabase;
  readonly senders: SenderPairing;
  readonly runtime: AgentRuntime;
  readonly settings: () => AgentSettings;
  readonly rules: () => ChatRules;
  readonly lines: SystemLines;
  readonly logger: Logger;
  /** Writes a group's new id into the configuration. @returns false when that isn't wanted */
  readonly groupMoved: (channel: string, from: string, to: string) => Promise<boolean>;
  /** The profile that the gateway runs with, unless it is the default one: for the command in a pairing reply. */
  readonly profile: string | undefined;
  /** The gateway ends and waits no longer: what isn't dealt with by then waits for the next start. */
  readonly closing: AbortSignal;
}

/** How long fetching the files of one message may take, in milliseconds. */
const fetchMs = 60_000;
/** How often it is looked at what waits for a channel that can't be used, in milliseconds: only a start can change that. */
const missingMs = 3_600_000;

/**
 * Deals with what came in: who may write, whose session it is, and then, in one transaction, everything that follows from
 * it: the turn, or the pairing code, or nothing but that it was dealt with.
 */
export class InboundDesk {
  readonly #options: InboundDeskOptions;

  constructor(options: InboundDeskOptions) {
    this.#options = options;
  }

  /** Deals with one event. When it resolves, its rows are settled. */
  async handle(event: InboundEvent, rows: readonly [InboxRow, ...InboxRow[]]): Promise<void> {
    const { desk } = this.#options;
    const keeper = desk.keeper(rows[0]);
    if (keeper === undefined) {
      const missing = desk.missing.find(({ id }) => id === rows[0].channel);
      if (missing !== undefined) throw new NotNowError(missing.problem, { retryAfterMs: missingMs });
      // The account was taken out of the configuration: nobody may act for it any more.
      return this.#settle(rows);
    }
    const { settings, rules, senders } = this.#options;
    const { channel, accountId } = keeper.ref;
    const route = routeTo(this.#question(event, keeper), routeRulesOf(settings()));
    const normalize = (id: string): string => normalizeSenderId(channel, id);
    const text = event.kind === "message" || event.kind === "command" ? event.text : "";
    const isCommand = isChatCommand(text, settings().session.resetTriggers);
    const decision = decideAccess({
      event,
      policy: desk.policyOf(keeper),
      approved: event.conversation.kind === "direct" ? await senders.readAllow({ channel, accountId }) : [],
      owners: ownersOn(channel, rules().owners),
      normalize,
      isCommand,
      matchesPattern: mentionsBy(this.#patterns(route.agentId), text),
      activation: await this.#activation(event, route.sessionKey),
      useAccessGroups: rules().useAccessGroups,
    });
    switch (decision.do) {
      case "drop":
        return this.#drop(event, rows, keeper, decision.reason);
      case "pair":
        return this.#pair(event, rows, keeper);
      case "context":
        return this.#keepAsContext(rows, keeper);
      case "admit":
        if (event.kind === "message" || event.kind === "command") {
          const { isOwner, commandAuthorized } = decision;
          return this.#say(event, rows, keeper, route, { isOwner, commandAuthorized });
        }
        if (event.kind === "migration") this.#move(event, keeper);
        return this.#notice(event, rows, keeper, route.sessionKey);
    }
  }

  #question(event: InboundEvent, { account, adapter, ref }: AccountKeeper): Parameters<typeof routeTo>[0] {
    return {
      channel: ref.channel,
      accountId: ref.accountId,
      isDefaultAccount: this.#options.desk.channel(adapter.descriptor.id)?.accounts[0]?.id === account.id,
      conversation: event.conversation,
      senderId: normalizeSenderId(ref.channel, event.sender.id),
    };
  }

  #patterns(agentId: string): readonly RegExp[] {
    const agent = this.#options.settings().agents.find(({ id }) => id === agentId);
    return compileMentionPatterns(this.#options.rules().mentionPatterns(agentId), {
      name: agent?.identity?.name ?? agent?.name,
      emoji: agent?.identity?.emoji,
    });
  }

  /** What `/activation` says in a group's session. */
  async #activation(event: InboundEvent, sessionKey: string): Promise<"mention" | "always" | undefined> {
    if (event.conversation.kind === "direct") return undefined;
    const { database, runtime } = this.#options;
    const record = await database.read((sql) => runtime.sessions.get(sql, sessionKey));
    return record?.settings.groupActivation;
  }

  /** A group has a new id: its settings hold there at once, and are written down there if that is allowed. */
  #move({ conversation, newId }: InboundMigration, keeper: AccountKeeper): void {
    const { desk, groupMoved, logger } = this.#options;
    if (!desk.moveGroup(keeper, conversation.id, newId)) return;
    const group = { ...keeper.ref, from: loggable(conversation.id), to: loggable(newId) };
    groupMoved(keeper.ref.channel, conversation.id, newId).then(
      (isWritten) => {
        const where = isWritten ? "the configuration was changed" : "change its id in the configuration";
        logger.warn(group, `a group has a new id; ${where}`);
      },
      (error: unknown) =>
        logger.error(
          { ...group, err: error },
          "a group has a new id, and the configuration could not be changed: do it by hand",
        ),
    );
  }

  async #settle(rows: readonly InboxRow[]): Promise<void> {
    const { database, desk } = this.#options;
    await database.write((sql) => desk.inbox.settle(sql, seqsOf(rows)));
  }

  async #drop(
    event: InboundEvent,
    rows: readonly InboxRow[],
    keeper: AccountKeeper,
    reason: DropReason,
  ): Promise<void> {
    const { desk, logger } = this.#options;
    const account = keyOf(keeper.ref);
    if (desk.drops.note(account, conversationKey(keeper.ref, event.conversation), reason)) {
      const { channel, accountId } = keeper.ref;
      const hint = dropHint(
        reason,
        accountId === "default" ? `channels.${channel}` : `channels.${channel}.accounts.${accountId}`,
      );
      const chat = loggable(event.conversation.id);
      logger.info(
        { channel, accountId, chat, sender: loggable(event.sender.id), reason, ...(hint && { hint }) },
        "not answered",
      );
    }
    await this.#settle(rows);
  }

  /**
   * An unknown sender: noted, and told its code once. The key of the message is made of the code, so that neither a
   * repeat nor a crash tells it twice, and a crash between the two doesn't leave it untold.
   */
  async #pair(event: InboundEvent, rows: readonly InboxRow[], keeper: AccountKeeper): Promise<void> {
    const { database, desk, profile, senders } = this.#options;
    const { channel, accountId } = keeper.ref;
    const { sender, conversation } = event;
    const meta = Object.fromEntries(
      Object.entries({ username: sender.username, name: sender.name }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    const { code } = await senders.upsert({ channel, accountId, id: sender.id, meta });
    await database.write((sql) => {
      desk.inbox.settle(sql, seqsOf(rows));
      if (code === "") return;
      desk.outbox.add(sql, {
        channel,
        accountId,
        key: `${pairingKeyStart}${channel}:${accountId}:${sender.id}:${code}`,
        target: { to: conversation.id },
        content: { kind: "text", text: pairingReply({ channel, accountId, id: sender.id, code, profile }) },
        ttlMs: 3_600_000,
      });
    });
    keeper.nudge();
  }

  async #keepAsContext(rows: readonly InboxRow[], keeper: AccountKeeper): Promise<void> {
    const { database, desk } = this.#options;
    const { historyLimit } = keeper.account.policy;
    await database.write((sql) => {
      if (historyLimit === 0) return desk.inbox.settle(sql, seqsOf(rows));
      const [first] = rows;
      if (first !== undefined) {
        desk.inbox.keepAsContext(
          sql,
          conversationKey(keeper.ref, first.event.conversation),
          seqsOf(rows),
          historyLimit,
        );
      }
    });
  }

  /** Something happened that starts no run: the agent hears of it with the next message, where the owner wants that. */
  async #notice(
    event: InboundEvent,
    rows: readonly InboxRow[],
    keeper: AccountKeeper,
    sessionKey: string,
  ): Promise<void> {
    const { reactionNotifications } = keeper.account.policy;
    if (
      event.kind === "reaction" &&
      reactionNotifications !== "off" &&
      (reactionNotifications === "all" || event.isOurs)
    ) {
      this.#options.lines.add(sessionKey, reactionText(event));
    }
    await this.#settle(rows);
  }

  async #say(
    event: InboundMessage | InboundCommand,
    rows: readonly [InboxRow, ...InboxRow[]],
    keeper: AccountKeeper,
    route: ReturnType<typeof routeTo>,
    may: { readonly isOwner: boolean; readonly commandAuthorized: boolean },
  ): Promise<void> {
    const { database, desk, lines, runtime } = this.#options;
    const policy = this.#options.desk.policyOf(keeper);
    const isGroup = event.conversation.kind !== "direct";
    const conversation = conversationKey(keeper.ref, event.conversation);
    const { closing } = this.#options;
    const patience = AbortSignal.any([AbortSignal.timeout(fetchMs), closing]);
    const images = event.kind === "message" ? await fetchImages(event, keeper, patience) : [];
    if (closing.aborted) throw new NotNowError("The gateway ends; this is dealt with after its next start.");
    const principal: RunPrincipal = {
      isOwner: may.isOwner,
      channel: keeper.ref.channel,
      accountId: keeper.ref.accountId,
      senderId: normalizeSenderId(keeper.ref.channel, event.sender.id),
      deviceId: undefined,
    };
    const runId = `in-${keeper.ref.channel}-${rows[0].seq}`;
    const said = plainText(event);
    // A command is answered without the agent: what it should hear of waits for a message.
    const isCommand = isChatCommand(said, this.#options.settings().session.resetTriggers);
    const told = isCommand ? undefined : lines.told(route.sessionKey);
    await database.write((sql) => {
      const before = isGroup && !isCommand ? desk.inbox.takeContext(sql, conversation, policy.historyLimit) : [];
      const words = [
        ...(told?.texts ?? []),
        ...contextText(before.map((row) => row.event)),
        ...quoteText(event),
        toldText(event, said),
      ];
      const content: MessagePart[] = [{ type: "text", text: words.join("\n\n") }, ...images];
      const turn: TurnRequest = {
        runId,
        sessionKey: route.sessionKey,
        agentId: route.agentId,
        content,
        plainText: said,
        principal,
        reply: replyRouteOf(event, keeper),
        origin: originOf(event, keeper),
        ...optionsOf(event, policy, keeper.ref.channel),
      };
      const acceptance = runtime.accept(sql, turn, { commandAuthorized: may.commandAuthorized });
      if (acceptance.status === "refused") throw refusalOf(acceptance);
      // Ours ends in the same transaction that begins it: whoever has this id, it isn't this message, which must not be lost.
      if (acceptance.status === "known") throw new Error(`another run is called ${runId}`);
      desk.inbox.settle(sql, seqsOf(rows));
    });
    told?.heard();
    runtime.accepted();
    keeper.nudge();
  }
}

const pairingKeyStart = "pairing:";

/** Whether the delivery of this key tells somebody his pairing code. */
export function isPairingKey(key: string): boolean {
  return key.startsWith(pairingKeyStart);
}

/** What isn't taken stays in the inbox: for later, or set aside with the reason when it never can be. */
function refusalOf({ code, reason }: Extract<Acceptance, { readonly status: "refused" }>): Error {
  return code === "invalid" ? new Error(reason) : new NotNowError(reason);
}

const seqsOf = (rows: readonly InboxRow[]): number[] => rows.map(({ seq }) => seq);

/** The owner's own ids on a channel. An entry without a channel counts everywhere; `*` counts nowhere (rule R-45). */
function ownersOn(channel: string, owners: readonly string[]): readonly string[] {
  return owners
    .filter((entry) => entry.trim() !== "*")
    .flatMap((entry) => {
      const colon = entry.indexOf(":");
      const prefix = colon === -1 ? "" : entry.slice(0, colon).trim().toLowerCase();
      if (prefix === channel) return [entry.slice(colon + 1)];
      return colon === -1 ? [entry] : [];
    });
}

function routeRulesOf(settings: AgentSettings): Parameters<typeof routeTo>[1] {
  const { bindings, defaultAgentId, session } = settings;
  const { dmScope, identityLinks, mainKey } = session;
  return { bindings, defaultAgentId, dmScope, mainKey, identityLinks };
}

function replyRouteOf(event: InboundMessage | InboundCommand, { ref }: AccountKeeper): ReplyRoute {
  const { conversation } = event;
  return {
    channel: ref.channel,
    accountId: ref.accountId,
    to: conversation.id,
    ...(conversation.threadId !== undefined && { threadId: conversation.threadId }),
    ...(event.messageId !== undefined && { replyToId: event.messageId }),
    isDirect: conversation.kind === "direct",
  };
}

function originOf(event: InboundEvent, { ref }: AccountKeeper): NonNullable<TurnRequest["origin"]> {
  const { conversation, sender } = event;
  const label = conversation.kind === "direct" ? (sender.name ?? sender.username) : conversation.title;
  return {
    channel: ref.channel,
    accountId: ref.accountId,
    chatType: conversation.kind,
    ...(label !== undefined && { label }),
    to: conversation.id,
    ...(conversation.threadId !== undefined && { threadId: conversation.threadId }),
  };
}

/** What a group's row of the configuration says for its runs. */
function optionsOf(
  event: InboundMessage | InboundCommand,
  policy: AccountKeeper["account"]["policy"],
  channel: string,
): { readonly options?: TurnOptions } {
  if (event.conversation.kind === "direct") return {};
  const rows = groupRows(policy, event.conversation.id, event.conversation.threadId) ?? [];
  const extraSystem = rows.find(({ systemPrompt }) => systemPrompt !== undefined)?.systemPrompt;
  // The most exact rule counts: this sender in this group, this group, anybody anywhere.
  const tools = rows
    .flatMap(({ tools: ofGroup, toolsBySender = {} }) => [
      ruleOfSender(toolsBySender, normalizeSenderId(channel, event.sender.id), channel),
      ruleOfSender(toolsBySender, "*", channel),
      ofGroup,
    ])
    .find((rules) => rules !== undefined);
  if (extraSystem === undefined && tools === undefined) return {};
  return { options: { ...(extraSystem !== undefined && { extraSystem }), ...(tools !== undefined && { tools }) } };
}

/** What is set for a sender, who may be written there in every form in which lists take him. */
function ruleOfSender<T>(rules: Readonly<Record<string, T>>, senderId: string, channel: string): T | undefined {
  return Object.entries(rules).find(([id]) => normalizeSenderId(channel, id) === senderId)?.[1];
}
