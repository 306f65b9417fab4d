import type { SessionEntry, SessionRow } from "@saltgate/protocol";
import type { ReplyRoute } from "../tool.ts";
import type { SessionOrigin } from "../turn.ts";
import { type SessionKind, sessionKindOf } from "./session-key.ts";
import type { SessionSettings } from "./session-settings.ts";

/** How the last run of a session ended, or that it goes on; in the words of the wire. */
export type SessionStatus = "queued" | "running" | "done" | "failed" | "killed" | "timeout";

/** One session, as it is kept. */
export interface SessionRecord {
  readonly key: string;
  readonly agentId: string;
  /** Of its transcript; a session that starts over gets another one. */
  readonly sessionId: string;
  readonly kind: SessionKind;
  readonly createdAtMs: number;
  /** When its transcript began. */
  readonly startedAtMs: number;
  /** When it was last spoken in. */
  readonly updatedAtMs: number;
  readonly label: string | undefined;
  readonly displayName: string | undefined;
  /** The key of the session that asked for this one. */
  readonly spawnedBy: string | undefined;
  /** The first words of a person in it, at most 60 characters. */
  readonly firstText: string | undefined;
  /** The last words in it, at most 160 characters. */
  readonly lastText: string | undefined;
  readonly origin: SessionOrigin | undefined;
  /** Where its last answer went. */
  readonly route: ReplyRoute | undefined;
  readonly settings: SessionSettings;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Tokens that its transcript took at the last step, where the provider said. */
  readonly contextTokens: number | undefined;
  /** That answered last, as `provider/model`. */
  readonly model: string | undefined;
  readonly lastStatus: SessionStatus | undefined;
  readonly archived: boolean;
  readonly pinned: boolean;
  readonly unread: boolean;
}

/** A row of `agent_sessions`. */
export interface SessionColumns {
  readonly key: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly created_at: number;
  readonly started_at: number;
  readonly updated_at: number;
  readonly label: string | null;
  readonly display_name: string | null;
  readonly spawned_by: string | null;
  readonly first_text: string | null;
  readonly last_text: string | null;
  readonly origin: string | null;
  readonly route: string | null;
  readonly settings: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly context_tokens: number | null;
  readonly model: string | null;
  readonly last_status: string | null;
  readonly archived: number;
  readonly pinned: number;
  readonly unread: number;
}

export function recordOf(row: SessionColumns): SessionRecord {
  return {
    key: row.key,
    agentId: row.agent_id,
    sessionId: row.session_id,
    kind: sessionKindOf(row.key),
    createdAtMs: row.created_at,
    startedAtMs: row.started_at,
    updatedAtMs: row.updated_at,
    label: row.label ?? undefined,
    displayName: row.display_name ?? undefined,
    spawnedBy: row.spawned_by ?? undefined,
    firstText: row.first_text ?? undefined,
    lastText: row.last_text ?? undefined,
    origin: row.origin === null ? undefined : (JSON.parse(row.origin) as SessionOrigin),
    route: row.route === null ? undefined : (JSON.parse(row.route) as ReplyRoute),
    settings: row.settings === "{}" ? {} : (JSON.parse(row.settings) as SessionSettings),
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    contextTokens: row.context_tokens ?? undefined,
    model: row.model ?? undefined,
    lastStatus: (row.last_status ?? undefined) as SessionStatus | undefined,
    archived: row.archived === 1,
    pinned: row.pinned === 1,
    unread: row.unread === 1,
  };
}

type Mutable<T> = { -readonly [K in keyof T]?: T[K] | undefined };

/** Without the keys that are undefined. */
function present<T extends object>(fields: Mutable<T>): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function shared(record: SessionRecord): Mutable<SessionEntry> {
  const { origin, route, settings } = record;
  const [modelProvider, model] = splitModel(settings.model ?? record.model);
  return {
    sessionId: record.sessionId,
    label: record.label,
    displayName: record.displayName ?? origin?.label,
    channel: origin?.channel,
    subject: origin?.chatType === "direct" ? undefined : origin?.label,
    chatType: origin?.chatType,
    origin:
      origin &&
      present({
        label: origin.label,
        provider: origin.channel,
        surface: origin.channel,
        chatType: origin.chatType,
        to: origin.to,
        accountId: origin.accountId,
        threadId: origin.threadId,
      }),
    abortedLastRun: record.lastStatus === "killed" || record.lastStatus === "timeout" ? true : undefined,
    thinkingLevel: settings.thinkingLevel,
    verboseLevel: settings.verboseLevel,
    reasoningLevel: settings.reasoningLevel,
    elevatedLevel: settings.elevatedLevel,
    sendPolicy: settings.sendPolicy,
    inputTokens: record.inputTokens,
    outputTokens: record.outputTokens,
    totalTokens: record.contextTokens,
    responseUsage: settings.responseUsage,
    modelProvider,
    model,
    deliveryContext:
      route && present({ channel: route.channel, to: route.to, accountId: route.accountId, threadId: route.threadId }),
    lastChannel: route?.channel,
    lastTo: route?.to,
    lastAccountId: route?.accountId,
  } as Mutable<SessionEntry>;
}

function splitModel(ref: string | undefined): readonly [string | undefined, string | undefined] {
  if (ref === undefined) return [undefined, undefined];
  const slash = ref.indexOf("/");
  return slash < 0 ? [undefined, ref] : [ref.slice(0, slash), ref.slice(slash + 1)];
}

/** A session as lists show it. */
export function sessionRow(
  record: SessionRecord,
  show: { readonly titles?: boolean | undefined; readonly lastMessage?: boolean | undefined } = {},
): SessionRow {
  return present<SessionRow>({
    key: record.key,
    kind: record.kind,
    ...(shared(record) as Partial<SessionRow>),
    updatedAt: record.updatedAtMs,
    derivedTitle: show.titles === true ? sessionTitle(record) : undefined,
    lastMessagePreview: show.lastMessage === true ? record.lastText : undefined,
    agentId: record.agentId,
    archived: record.archived || undefined,
    pinned: record.pinned || undefined,
    unread: record.unread || undefined,
    status: record.lastStatus,
  });
}

/** A session as the methods that change one answer with. */
export function sessionEntry(record: SessionRecord): SessionEntry {
  const { execAsk, execHost, execNode, execSecurity, groupActivation, queueMode, ...more } = record.settings;
  return present<SessionEntry>({
    ...shared(record),
    sessionId: record.sessionId,
    updatedAt: record.updatedAtMs,
    spawnedBy: record.spawnedBy,
    execAsk,
    execHost,
    execNode,
    execSecurity,
    groupActivation,
    queueMode,
    modelOverride: more.model,
    icon: more.icon,
    color: more.color,
    category: more.category,
    archived: record.archived || undefined,
    pinned: record.pinned || undefined,
    unread: record.unread || undefined,
  });
}

/** What a session is called: the name that it was given, its place, what was first said in it, or its id and day. */
export function sessionTitle(record: SessionRecord): string {
  const given = record.displayName ?? record.origin?.label ?? record.firstText;
  if (given !== undefined && given.trim() !== "") return given;
  return `${record.sessionId.slice(0, 8)} (${new Date(record.updatedAtMs).toISOString().slice(0, 10)})`;
}
