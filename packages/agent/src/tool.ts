import type { MessagePart } from "./transcript.ts";

/** A tool as a model is told of it. */
export interface ToolDescription {
  /** Lower case letters, digits and `_`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments, an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** On whose behalf a run works. Decides which tools it may use and what they may do. */
export interface RunPrincipal {
  /** The owner himself: a control connection with the scope to write, or a sender that the owner named as such. */
  readonly isOwner: boolean;
  /** Where it was asked; `webchat` for control connections, `system` for runs that nobody asked for. */
  readonly channel: string;
  readonly accountId: string | undefined;
  /** The sender's stable id there. */
  readonly senderId: string | undefined;
  /** The connection that asked, for questions to its owner. */
  readonly deviceId: string | undefined;
}

/** What a tool may know of the run that calls it. */
export interface ToolContext {
  readonly runId: string;
  /** Unique in its run, and the same when the run goes on after a restart. */
  readonly toolCallId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  /** The agent's folder: absolute, its real path. */
  readonly workspace: string;
  readonly principal: RunPrincipal;
  /** Where the run's answer goes; absent for runs that only clients see. */
  readonly reply: ReplyRoute | undefined;
  readonly signal: AbortSignal;
  /** Shows clients how far it is. */
  readonly progress: (partial: string) => void;
}

/** Where the answer of a run is delivered besides the transcript. */
export interface ReplyRoute {
  readonly channel: string;
  readonly accountId: string;
  readonly to: string;
  readonly threadId?: string;
  /** The message that it answers. */
  readonly replyToId?: string;
  /** Whether the conversation is a direct one. */
  readonly isDirect: boolean;
  /** Where an answer that is handed to a session goes on to from there: to whoever asked, and to nobody else. */
  readonly onward?: ReplyRoute;
}

/** What came of a tool call. */
export interface ToolOutcome {
  readonly content: readonly MessagePart[];
  readonly isError: boolean;
  /** For clients that show tool calls; not for the model. */
  readonly details?: unknown;
}

/** A tool. */
export interface Tool {
  readonly description: ToolDescription;
  /** The groups that policies name it by, e.g. `group:fs`. */
  readonly groups: readonly string[];
  /** Whether only the owner's runs may use it, whatever a policy allows. */
  readonly ownerOnly: boolean;
  /**
   * Whether its output comes from outside: pages, messages, files, what a node printed. It is marked as such for the model.
   */
  readonly untrustedOutput: boolean;
  /** Its calls wait for those before them, and those after wait for it. @default false: calls of one step go on side by side */
  readonly isSequential?: boolean;
  /**
   * Does it. Arguments come from a model: check them. What goes wrong is an outcome with `isError`, in words that the
   * model can act on; a throw counts as the tool's own fault.
   */
  call(args: unknown, context: ToolContext): Promise<ToolOutcome>;
}
