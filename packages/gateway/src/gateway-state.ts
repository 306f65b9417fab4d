import { dirname, join } from "node:path";
import { agentSchema, defaultAgentSettings } from "@saltgate/agent";
import type { Bus } from "@saltgate/bus";
import { inboxSchema, outboxSchema } from "@saltgate/channel";
import { ExecApprovalsFile } from "@saltgate/exec-policy";
import { nativeEngine } from "@saltgate/identity/node";
import {
  DeviceInvites,
  DevicePairing,
  deviceDocumentShapes,
  deviceInvitesShape,
  NodePairing,
  nodeDocumentShapes,
  SenderPairing,
} from "@saltgate/pairing";
import { LIMITS } from "@saltgate/protocol";
import { type DocumentStore, type SchemaPart, SqliteDatabase, type StateDocument, StoreError } from "@saltgate/store";
import { approvalsDocumentShape } from "./approvals/approval-desk.ts";
import { noChannels } from "./channels/installed-channels.ts";
import type { GatewayConversation } from "./conversation/conversation-desk.ts";
import { defaultChatRules, noBackends } from "./conversation/no-conversation.ts";
import type { Logger } from "./logging/logger.ts";
import type { CommandRules } from "./nodes/command-policy.ts";
import { diaryDocumentShape } from "./nodes/node-diary.ts";
import { workDocumentShape } from "./nodes/work-desk.ts";
import type { GatewayOptions } from "./options.ts";
import { createNodePairingListener, createPairingListener } from "./pairing-listener.ts";
import {
  type InvitesPort,
  type NodePairingPort,
  type PairingPort,
  unavailableInvites,
  unavailableNodePairing,
  unavailablePairing,
} from "./pairing-port.ts";
import { defaultToolRules } from "./tools/tool-rules.ts";

/** The tables of conversations. */
const conversationSchema: readonly SchemaPart[] = [inboxSchema, outboxSchema, agentSchema];

/** What the state of a gateway is opened with. */
export interface GatewayStateOptions {
  /** Documents about devices, nodes and approvals; `FileStore` for a state folder. */
  readonly store: DocumentStore;
  readonly bus: Bus;
  /** The approvals file of this host. */
  readonly approvalsFile: string;
  /** What the configuration says about commands of nodes. @default nothing added, nothing denied */
  readonly commandRules?: () => CommandRules;
  /** How long a question waits for its owner when whoever asks names no time, in milliseconds. @default 120_000 */
  readonly approvalTimeoutMs?: () => number;
  /** Life of a device's token, in milliseconds. @default no end */
  readonly deviceTokenTtlMs?: number | undefined;
  /** Names of programs that installed skills need. @default none */
  readonly skillBins?: () => readonly string[];
  /** Sessions, runs, and what is on its way; `:memory:` keeps nothing. @default ":memory:" */
  readonly databaseFile?: string;
  /** What the configuration says about conversations. @default one agent, the built-in backend, no channel */
  readonly conversation?: Partial<Omit<GatewayConversation, "database" | "senders">>;
  /** @default silent */
  readonly logger?: Logger;
  /** Current time in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** The state of a gateway, open: the parts of its options that come from a store. */
export interface GatewayState
  extends Pick<GatewayOptions, "approvals" | "conversation" | "invites" | "nodes" | "pairing"> {
  /** What is wrong with its documents, in words for the owner. */
  readonly problems: readonly string[];
  readonly close: () => Promise<void>;
}

/** What opening each part needs. */
interface Opening extends GatewayStateOptions {
  readonly closing: { isClosing: boolean };
}

/** One opened part. */
interface Opened<T> {
  readonly part: T;
  readonly close: () => Promise<void>;
}

const nothingToClose: Opened<undefined> = { part: undefined, close: () => Promise.resolve() };

/**
 * Opens who may enter, what nodes may be asked for, and what owners were asked. A damaged document is no reason not to
 * start: without it nobody gets in by that way, and the owner is told (rule R-57).
 */
export async function openGatewayState(options: GatewayStateOptions): Promise<GatewayState> {
  const { store, now } = options;
  const closing = { isClosing: false };
  const opening: Opening = { ...options, closing };
  const problems: string[] = [];
  const or = async <T>(
    open: Promise<Opened<T>>,
    unavailable: (cause: Error) => T,
    without: string,
  ): Promise<Opened<T>> => {
    try {
      return await open;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problems.push(`${without} until this is mended and the gateway is started again: ${error.message}`);
      return { part: unavailable(error), close: () => Promise.resolve() };
    }
  };
  const devices = await or<PairingPort>(openDevices(opening), unavailablePairing, "No device can connect");
  const nodes = await or<NodePairingPort>(openNodes(opening), unavailableNodePairing, "No node can connect");
  const invites = await or<InvitesPort>(openInvites(opening), unavailableInvites, "No setup code works");
  const { commandRules, approvalTimeoutMs, skillBins } = options;
  const approvals = store.document("exec/approvals", approvalsDocumentShape);
  const diary = store.document("nodes/diary", diaryDocumentShape);
  const work = store.document("nodes/work", workDocumentShape);
  const readable = async (document: Pick<StateDocument<unknown>, "read">, without: string): Promise<void> => {
    await or(
      document.read().then(() => nothingToClose),
      () => undefined,
      without,
    );
  };
  await readable(approvals, "No command can be approved");
  await readable(work, "No work can be left for nodes");
  await readable(diary, "Nobody knows when nodes were last here");
  const database = new SqliteDatabase({
    file: options.databaseFile ?? ":memory:",
    parts: conversationSchema,
    ...(now && { now }),
  });
  const workspace = join(dirname(options.approvalsFile), "workspace");
  return {
    conversation: {
      mediaDir: join(dirname(options.approvalsFile), "media"),
      channels: noChannels,
      settings: () => defaultAgentSettings(workspace),
      rules: () => defaultChatRules,
      backends: noBackends,
      toolRules: () => defaultToolRules,
      toolHost: undefined,
      workspaceFiles: () => Promise.resolve([]),
      workspaceFile: () => Promise.reject(new Error("agents of this gateway have no folder")),
      forgetCredentials: () => Promise.resolve({ cleared: false }),
      groupMoved: () => Promise.resolve(false),
      profile: undefined,
      ...options.conversation,
      database,
      senders: await SenderPairing.open({ store, engine: nativeEngine, ...(now && { now }) }),
    },
    pairing: devices.part,
    invites: invites.part,
    nodes: {
      pairing: nodes.part,
      rules: commandRules ?? (() => ({ allowCommands: [], denyCommands: [] })),
      diary,
      work,
      skillBins: skillBins ?? (() => []),
    },
    approvals: {
      document: approvals,
      timeoutMs: approvalTimeoutMs ?? (() => LIMITS.approvalTimeoutMs),
      file: new ExecApprovalsFile({ path: options.approvalsFile, ...(now && { now }) }),
    },
    problems,
    close: async () => {
      closing.isClosing = true;
      for (const { close } of [invites, nodes, devices]) await close();
      await database.close();
    },
  };
}

async function openDevices(opening: Opening): Promise<Opened<PairingPort>> {
  const { store, bus, deviceTokenTtlMs, now } = opening;
  const shapes = deviceDocumentShapes(nativeEngine.sha256);
  const paired = store.document("devices/paired", shapes.paired);
  const pairing = await DevicePairing.open({
    pending: store.document("devices/pending", shapes.pending),
    paired,
    engine: nativeEngine,
    listener: createPairingListener(bus),
    ...(deviceTokenTtlMs !== undefined && { limits: { tokenTtlMs: deviceTokenTtlMs } }),
    ...(now && { now }),
  });
  return watched(paired, pairing, "the paired devices can't be read again", opening);
}

async function openNodes(opening: Opening): Promise<Opened<NodePairingPort>> {
  const { store, bus, now } = opening;
  const shapes = nodeDocumentShapes(nativeEngine.sha256);
  const paired = store.document("nodes/paired", shapes.paired);
  const pairing = await NodePairing.open({
    pending: store.document("nodes/pending", shapes.pending),
    paired,
    engine: nativeEngine,
    listener: createNodePairingListener(bus),
    ...(now && { now }),
  });
  return watched(paired, pairing, "the approvals of nodes can't be read again", opening);
}

/** A command line that works on the files ends the connections of whom it shuts out as surely as the gateway does. */
function watched<T extends { refresh(): Promise<void>; close(): Promise<void> }>(
  document: Pick<StateDocument<unknown>, "changed">,
  pairing: T,
  failure: string,
  { logger, closing }: Opening,
): Opened<T> {
  const stopWatching = document.changed?.(() => {
    pairing.refresh().catch((error: unknown) => {
      // What was begun while the gateway stops meets a store that is closed: nobody needs its answer any more.
      if (!closing.isClosing) logger?.error({ err: error }, failure);
    });
  });
  return {
    part: pairing,
    close: async () => {
      stopWatching?.();
      await pairing.close();
    },
  };
}

async function openInvites({ store, now }: Opening): Promise<Opened<InvitesPort>> {
  const invites = await DeviceInvites.open({
    document: store.document("devices/invites", deviceInvitesShape),
    engine: nativeEngine,
    ...(now && { now }),
  });
  return { part: invites, close: () => Promise.resolve() };
}
