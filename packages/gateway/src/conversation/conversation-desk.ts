import { basename } from "node:path";
import {
  AgentRuntime,
  type AgentRuntimeOptions,
  type AgentSettings,
  type BackendPort,
  chatCommands,
  isChatCommand,
  mainSessionKey,
  type ReplyRoute,
  type RunEvent,
} from "@saltgate/agent";
import { type AccountKeeper, ChannelError, defaultGatheringRules, MediaShelf, Receptionist } from "@saltgate/channel";
import type { SenderPairing } from "@saltgate/pairing";
import { type SqlDatabase, type SqlTransaction, StoreError } from "@saltgate/store";
import { ChannelDesk } from "../channels/channel-desk.ts";
import type { GatewayChannels } from "../channels/installed-channels.ts";
import type { Clock } from "../clock.ts";
import type { Peer } from "../connection/peer.ts";
import type { EventPublisher } from "../events/event-hub.ts";
import type { ConversationHealth } from "../health/health-monitor.ts";
import type { Logger } from "../logging/logger.ts";
import { agentRunMethods } from "../methods/agent-runs.ts";
import { agentMethods } from "../methods/agents.ts";
import { channelMethods } from "../methods/channels.ts";
import { chatMethods } from "../methods/chat.ts";
import { deliveryMethods } from "../methods/deliveries.ts";
import type { Handlers } from "../methods/handlers.ts";
import { messageMethods } from "../methods/messages.ts";
import { sessionKeyOf, sessionMethods } from "../methods/sessions.ts";
import type { NodeChannel } from "../nodes/node-session.ts";
import { isReturn, isToBeDeleted, returnAnswer } from "../tools/session-return.ts";
import type { ToolHost, ToolRules } from "../tools/tool-rules.ts";
import { createToolbox, type ToolboxOptions } from "../tools/toolbox.ts";
import {
  channelLines,
  channelProblems,
  type Ground,
  healthOfChannels,
  healthOfSessions,
  statusOfSessions,
} from "./glance.ts";
import { type ChatRules, InboundDesk } from "./inbound-desk.ts";
import { NodeEvents } from "./node-events.ts";
import { ReplyDesk } from "./reply-desk.ts";
import { RunBroadcast } from "./run-broadcast.ts";
import { NodeSessionListeners } from "./session-listeners.ts";
import { SystemLines } from "./system-lines.ts";

/** What a gateway is given about conversations. */
export interface GatewayConversation {
  /** Where sessions, turns, the inbox and the outbox are; opened with the tables of conversations. */
  readonly database: SqlDatabase;
  /** Where files on their way in and out are kept. */
  readonly mediaDir: string;
  readonly channels: GatewayChannels;
  /** Who may write in direct messages, besides the configuration. */
  readonly senders: SenderPairing;
  readonly settings: () => AgentSettings;
  readonly rules: () => ChatRules;
  readonly backends: BackendPort;
  readonly toolRules: () => ToolRules;
  /** Where commands of agents run; without it they run none. */
  readonly toolHost: ToolHost | undefined;
  readonly workspaceFiles: AgentRuntimeOptions["workspaceFiles"];
  /** Opens a file of an agent's folder that an answer attaches. @throws when it isn't inside that folder */
  readonly workspaceFile: (agentId: string, path: string) => Promise<Uint8Array<ArrayBuffer>>;
  /** Takes the credentials of a channel's account out of the configuration. */
  readonly forgetCredentials: Parameters<typeof channelMethods>[0]["forgetCredentials"];
  /** Writes a group's new id into the configuration. @returns false when that isn't wanted */
  readonly groupMoved: (channel: string, from: string, to: string) => Promise<boolean>;
  /** The profile that the gateway runs with, unless it is the default one. */
  readonly profile: string | undefined;
}

/** What the desk needs of the gateway around it. */
export interface ConversationDeskOptions {
  readonly conversation: GatewayConversation;
  readonly events: EventPublisher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** What tools reach over, besides what the desk has itself. */
  readonly tools: Pick<ToolboxOptions, "approvals" | "approvalsFile" | "nodes" | "skillBins" | "timeoutMs">;
  readonly houseFacts: Omit<AgentRuntimeOptions["houseFacts"], "channels" | "models">;
}

type ConversationMethods = ReturnType<typeof agentMethods> &
  ReturnType<typeof agentRunMethods> &
  ReturnType<typeof channelMethods> &
  ReturnType<typeof chatMethods> &
  ReturnType<typeof deliveryMethods> &
  ReturnType<typeof messageMethods> &
  ReturnType<typeof sessionMethods>;

/** Everything about conversations in one gateway: channels, sessions, runs, and what is on its way between them. */
export class ConversationDesk {
  readonly methods: Pick<Handlers, keyof ConversationMethods>;
  readonly channels: ChannelDesk;
  readonly runtime: AgentRuntime;
  readonly database: SqlDatabase;
  readonly shelf: MediaShelf;
  readonly #options: ConversationDeskOptions;
  readonly #receptionist: Receptionist;
  readonly #broadcast: RunBroadcast;
  readonly #replies: ReplyDesk;
  readonly #listeners = new NodeSessionListeners();
  readonly #nodes: NodeEvents;
  readonly #lines: SystemLines;
  /** Runs whose answers were handed to the sessions that started them. */
  readonly #returning = new Map<string, ReplyRoute>();
  #opening: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(options: ConversationDeskOptions) {
    const { clock, conversation, events, logger, newId } = options;
    const { database, settings } = conversation;
    this.#options = options;
    this.database = database;
    this.#lines = new SystemLines(clock.now);
    const shelf = new MediaShelf({ directory: conversation.mediaDir, now: clock.now });
    this.shelf = shelf;
    this.channels = new ChannelDesk({
      database,
      channels: conversation.channels,
      shelf: { get: (id) => this.#file(id) },
      clock,
      random: Math.random,
      logger,
      menu: chatCommands,
      arrived: (conversations) => this.#receptionist.arrived(conversations),
    });
    this.#broadcast = new RunBroadcast({ events, listeners: this.#listeners, clock });
    this.#replies = new ReplyDesk({ desk: this.channels, database, clock, logger });
    this.runtime = new AgentRuntime({
      database,
      clock,
      newId,
      random: Math.random,
      settings,
      backends: conversation.backends,
      toolsFor: (question) => toolsFor(question),
      workspaceFiles: conversation.workspaceFiles,
      onEvent: (event) => {
        this.#broadcast.take(event);
        this.#replies.take(event);
        if (event.type === "ended") this.#returned(event);
      },
      reply: (sql, reply) => {
        if (!isReturn(reply.route)) return this.#replies.reply(sql, reply);
        this.#returning.set(reply.runId, reply.route);
        returnAnswer(sql, reply, this.runtime);
      },
      houseFacts: {
        ...options.houseFacts,
        channels: () => this.#channelFacts(),
        models: () => this.runtime.models(),
      },
      log: logger,
    });
    this.#nodes = new NodeEvents({ runtime: this.runtime, database, listeners: this.#listeners, settings, newId });
    const toolsFor = createToolbox({
      ...options.tools,
      database,
      desk: this.channels,
      shelf,
      runtime: this.runtime,
      settings,
      rules: conversation.toolRules,
      host: conversation.toolHost,
      now: clock.now,
      newId,
    });
    const inbound = new InboundDesk({
      desk: this.channels,
      database,
      senders: conversation.senders,
      runtime: this.runtime,
      settings,
      rules: conversation.rules,
      lines: this.#lines,
      logger,
      groupMoved: conversation.groupMoved,
      profile: conversation.profile,
      closing: this.#closing.signal,
    });
    this.#receptionist = new Receptionist({
      inbox: this.channels.inbox,
      handle: (event, rows) => inbound.handle(event, rows),
      rulesFor: ({ channel }) => ({ ...defaultGatheringRules, debounceMs: conversation.rules().debounceMs(channel) }),
      isCommand: (text) => isChatCommand(text, settings().session.resetTriggers),
      clock,
      random: Math.random,
      logger,
    });
    const shared = { database, runtime: this.runtime, settings };
    this.methods = {
      ...agentMethods(shared),
      ...channelMethods({ desk: this.channels, clock, forgetCredentials: conversation.forgetCredentials }),
      ...agentRunMethods({ ...shared, desk: this.channels, clock, lines: this.#lines }),
      ...chatMethods({ ...shared, events, clock, newId, lines: this.#lines }),
      ...deliveryMethods(this.channels),
      ...messageMethods({
        desk: this.channels,
        database,
        shelf,
        mirror: (sql, sessionKey, text) => this.#mirror(sql, sessionKey, text),
      }),
      ...sessionMethods({ ...shared, now: clock.now }),
    };
  }

  /**
   * Takes up what the last process left, and starts the channels. The gateway listens before it is called.
   * @throws {StoreError} when the database can't be used; nothing runs then
   */
  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<void> {
    await this.runtime.open();
    this.channels.start();
    await this.#receptionist.start();
  }

  /** Begins nothing new, and lets what runs end until the signal; then the rest waits for the next start. */
  async close(hurry: AbortSignal): Promise<void> {
    await this.#opening?.catch(() => undefined);
    hurry.addEventListener("abort", () => this.#closing.abort(), { once: true });
    if (hurry.aborted) this.#closing.abort();
    await this.#receptionist.stop();
    await this.runtime.drain(hurry);
    await this.runtime.close();
    await this.channels.stop();
  }

  /** Something happened that the agent of a session hears of with its next message; the main one without a key. */
  queueSystemEvent(text: string, sessionKey?: string): void {
    this.#lines.add(sessionKey ?? this.mainSessionKey, text);
  }

  /** Lines that wait for the main session. */
  get queuedSystemEvents(): readonly string[] {
    return this.#lines.texts(this.mainSessionKey);
  }

  get mainSessionKey(): string {
    const { defaultAgentId, session } = this.#options.conversation.settings();
    return mainSessionKey(defaultAgentId, session.mainKey);
  }

  /** What a client is told at its start. */
  get sessionDefaults(): { defaultAgentId: string; mainKey: string; mainSessionKey: string; scope: string } {
    const { defaultAgentId, session } = this.#options.conversation.settings();
    return { defaultAgentId, mainKey: session.mainKey, mainSessionKey: this.mainSessionKey, scope: "per-sender" };
  }

  /** What is wrong with the channels, in words for the owner. */
  get problems(): readonly string[] {
    return channelProblems(this.channels);
  }

  /** Channels, agents and sessions, as `health` tells them. */
  async health(): Promise<ConversationHealth> {
    const sessions = await this.#look((sql) => healthOfSessions(sql, this.#ground()));
    return { ...sessions, ...(await healthOfChannels(this.channels)) };
  }

  /** Channels, agents and sessions, as `status` tells them. */
  async status(): Promise<ReturnType<typeof statusOfSessions> & { channelSummary: string[] }> {
    const sessions = await this.#look((sql) => statusOfSessions(sql, this.#ground()));
    return { ...sessions, channelSummary: channelLines(this.channels) };
  }

  /** Reads; a database that can't be used has nothing to show, and is a problem of its own that the owner is told. */
  async #look<T>(read: (sql: SqlTransaction | undefined) => T): Promise<T> {
    try {
      return await this.database.read(read);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return read(undefined);
    }
  }

  #ground(): Ground {
    const { clock, conversation } = this.#options;
    return {
      // Everybody who may read is told this: only its name, not where it lies (rule R-19).
      file: basename(this.database.file),
      sessions: this.runtime.sessions,
      settings: conversation.settings(),
      models: this.runtime.models(),
      nowMs: clock.now(),
    };
  }

  /** A node says something that belongs to a conversation. @returns true, or why it had no effect */
  nodeEvent(event: string, payload: unknown, node: NodeChannel, caller: Peer): Promise<true | string> {
    return this.#nodes.take(event, payload, node, caller);
  }

  /** Who takes what a chat platform brings to a path. */
  webhook(path: string): Pick<AccountKeeper, "receiveWebhook" | "refuseWebhook"> | undefined {
    return this.channels.atPath(path);
  }

  /** A connection of a node is over. */
  nodeLeft(connId: string): void {
    this.#listeners.leave(connId);
  }

  /** Sizes of everything that is held in memory, for whoever watches them. */
  sizes(): Readonly<Record<string, number>> {
    const receptionist = this.#receptionist.sizes();
    return {
      ...this.channels.sizes(),
      ...this.runtime.sizes(),
      received: receptionist.queued + receptionist.busy + receptionist.paused,
      broadcasting: this.#broadcast.size,
      replying: this.#replies.size,
      listeners: this.#listeners.size,
      lines: this.#lines.size,
      returning: this.#returning.size,
    };
  }

  /** An agent's answer was handed to the session that started it: that one goes on, and the agent's own may go. */
  #returned({ runId, sessionKey }: RunEvent): void {
    const route = this.#returning.get(runId);
    if (route === undefined) return;
    this.#returning.delete(runId);
    this.runtime.accepted();
    if (!isToBeDeleted(route)) return;
    const { clock, logger } = this.#options;
    this.database
      .write((sql) => this.runtime.sessions.delete(sql, sessionKey, clock.now()))
      .catch((error: unknown) => logger.warn({ err: error }, "the session of an agent that is done can't be put away"));
  }

  #channelFacts(): ReturnType<AgentRuntimeOptions["houseFacts"]["channels"]> {
    const rows = this.channels.installed.flatMap(({ accounts, adapter }) =>
      accounts.map((account) => {
        const keeper = this.channels.keeper({ channel: adapter.descriptor.id, accountId: account.id });
        const { health = "stopped", fix } = keeper?.status ?? {};
        return { label: adapter.descriptor.label, account: account.id, state: account.notConfigured ?? health, fix };
      }),
    );
    const missing = this.channels.missing.map(({ id, problem }) => ({ label: id, account: "default", state: problem }));
    return [...rows, ...missing];
  }

  /** A file that waits to be sent: one of the shelf, or one of an agent's folder as it is now. */
  async #file(id: string): Promise<Uint8Array<ArrayBuffer>> {
    const [, agentId, path] = /^workspace:([^:]+):(.+)$/s.exec(id) ?? [];
    if (agentId === undefined || path === undefined) return this.shelf.get(id);
    try {
      return await this.#options.conversation.workspaceFile(agentId, path);
    } catch (error) {
      // What the system can't read now it may read later; what a folder's rules refuse they refuse for good.
      if (error instanceof Error && "code" in error) throw error;
      throw new ChannelError("refused", error instanceof Error ? error.message : "the file can't be read");
    }
  }

  /** What was sent without an agent stands in the transcript of the session that it was sent for. */
  #mirror(sql: SqlTransaction, requested: string, text: string): void {
    const { conversation, clock } = this.#options;
    const key = sessionKeyOf(requested, undefined, conversation.settings());
    this.runtime.sessions.ensure(sql, { key, nowMs: clock.now() });
    this.runtime.sessions.inject(sql, key, { text }, clock.now());
  }
}
