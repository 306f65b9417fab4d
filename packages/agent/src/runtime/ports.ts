import type { SqlDatabase, SqlTransaction } from "@saltgate/store";
import type { AgentBackend, ModelInfo, ModelRef } from "../backend.ts";
import type { HouseFacts } from "../prompt/house-facts.ts";
import type { WorkspaceFile } from "../prompt/system-prompt.ts";
import type { SessionStore } from "../session/session-store.ts";
import type { AgentSettings } from "../settings.ts";
import type { RunPrincipal, Tool } from "../tool.ts";
import type { RunEvent, RunReply, TurnOptions } from "../turn.ts";
import type { AgentClock } from "./clock.ts";
import type { Cooldowns } from "./model-choice.ts";

/** The run that tools are wanted for. */
export interface ToolsQuestion {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly principal: RunPrincipal;
  /** What it may think with: its model, then the others that are asked when that one fails. */
  readonly models: readonly ModelRef[];
  /** The session that asked for this one; absent unless an agent started it. */
  readonly spawnedBy: string | undefined;
  /** What the conversation allows, besides the agent's own policy. */
  readonly rules: TurnOptions["tools"];
}

/** Ways of thinking, loaded when they are first needed. */
export interface BackendPort {
  /** The backend of a model. @throws {BackendError} when there is none */
  for(model: ModelRef): Promise<AgentBackend>;
  /** The models that can be chosen, the built-in one aside. */
  models(): readonly ModelInfo[];
}

/** Where the runtime tells what goes wrong. Never with a secret, nor with what people said. */
export interface AgentLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What the runtime needs. */
export interface AgentRuntimeOptions {
  readonly database: SqlDatabase;
  readonly clock: AgentClock;
  /** A fresh id, unique for ever: a UUID. */
  readonly newId: () => string;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** As they are now; asked again for every decision. */
  readonly settings: () => AgentSettings;
  readonly backends: BackendPort;
  /** The tools that a run may use, by every policy that there is. */
  readonly toolsFor: (question: ToolsQuestion) => readonly Tool[] | Promise<readonly Tool[]>;
  /** The files of an agent's folder that its system prompt quotes; `workspaceFileChars` of each are used at most. */
  readonly workspaceFiles: (agentId: string) => Promise<readonly WorkspaceFile[]>;
  readonly onEvent: (event: RunEvent) => void;
  /**
   * What a run has to say to its conversation. Called in the transaction that ends the run, exactly once for each turn with a route
   * that isn't answered together with another. An empty text: there is nothing to send.
   */
  readonly reply: (sql: SqlTransaction, reply: RunReply) => void;
  /** What the built-in backend may tell. */
  readonly houseFacts: HouseFacts;
  readonly log: AgentLog;
}

/** What a run uses besides the options of its runtime. */
export interface RunPort extends AgentRuntimeOptions {
  readonly sessions: SessionStore;
  /** Turns that join now, between two steps; they don't wait any more. */
  readonly joining: () => readonly string[];
  readonly cooldowns: { value: Cooldowns };
}
