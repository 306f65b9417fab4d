import { z } from "zod";
import type { Tool, ToolContext } from "../tool.ts";
import { defineTool } from "./define-tool.ts";
import { ToolFailure } from "./tool-failure.ts";

/** The sessions, as the gateway gives them to agents. What comes back is plain JSON, for the model. */
export interface SessionsPort {
  list(
    query: {
      readonly kinds: readonly string[] | undefined;
      readonly limit: number;
      readonly activeMinutes: number | undefined;
      readonly messageLimit: number;
      /** Which sessions may be told; the others don't count. */
      readonly mayReach: (sessionKey: string) => boolean;
    },
    context: ToolContext,
  ): Promise<readonly { readonly key: string }[]>;
  /** `undefined` for a session that isn't there. */
  history(
    query: { readonly sessionKey: string; readonly limit: number; readonly includeTools: boolean },
    context: ToolContext,
  ): Promise<readonly unknown[] | undefined>;
  /** The key of a session that is called so; `undefined` when none is. */
  find(label: string, agentId: string | undefined, context: ToolContext): Promise<string | undefined>;
  send(
    order: {
      readonly sessionKey: string;
      readonly message: string;
      /** How long its answer is waited for; 0: not at all. */
      readonly timeoutMs: number;
      readonly idempotencyKey: string;
    },
    context: ToolContext,
  ): Promise<{
    readonly status: "accepted" | "ok" | "timeout" | "error";
    readonly runId?: string;
    readonly reply?: string;
    readonly error?: string;
  }>;
  spawn(
    order: {
      readonly task: string;
      readonly label: string | undefined;
      readonly agentId: string;
      readonly model: string | undefined;
      readonly thinking: string | undefined;
      readonly timeoutMs: number;
      readonly cleanup: "delete" | "keep";
      readonly idempotencyKey: string;
    },
    context: ToolContext,
  ): Promise<{ readonly runId: string; readonly childSessionKey: string }>;
  /** What a session thinks with and has used; changes its model when one is named. `undefined`: there is none. */
  status(
    order: { readonly sessionKey: string; readonly model: string | undefined },
    context: ToolContext,
  ): Promise<unknown>;
}

/** Who may reach whom. Read anew for each call. */
export interface SessionReach {
  /** `tools.agentToAgent`. */
  readonly agentToAgent: { readonly enabled: boolean; readonly allow: readonly string[] };
  /** Agents that this one may start besides itself; `*` for all. */
  readonly allowAgents: (agentId: string) => readonly string[];
  /** Every agent there is. */
  readonly agents: readonly { readonly id: string; readonly name?: string }[];
}

/** The agent that a session belongs to. Keys that name none belong to nobody. */
function ownerOf(sessionKey: string): string | undefined {
  return /^agent:([^:]+):/.exec(sessionKey.toLowerCase())?.[1];
}

/** Whether an agent may see and write to a session: its own, and those of others where the owner says so. Pure. */
function mayReach(agentId: string, sessionKey: string, { agentToAgent }: Pick<SessionReach, "agentToAgent">): boolean {
  const owner = ownerOf(sessionKey);
  if (owner === undefined) return false;
  if (owner === agentId.toLowerCase()) return true;
  const isNamed = (id: string): boolean => agentToAgent.allow.some((one) => one === "*" || one.toLowerCase() === id);
  return agentToAgent.enabled && isNamed(owner) && isNamed(agentId.toLowerCase());
}

const sessionKey = z.string().min(1).max(512).describe("As sessions_list tells it.");
const json = (value: unknown): string => JSON.stringify(value, null, 1) ?? "null";
const WIDE = { groups: ["group:sessions"], ownerOnly: true };
const keyOf = ({ runId, toolCallId }: ToolContext): string => `${runId}:${toolCallId}`;

function requireReach(key: string, context: ToolContext, reach: SessionReach): void {
  if (!mayReach(context.agentId, key, reach))
    throw new ToolFailure(`There is no session ${key} that you may reach. List them.`);
}

/** The tools over sessions, and `agents_list`. */
export function sessionTools(port: SessionsPort, reach: () => SessionReach): readonly Tool[] {
  return [
    defineTool({
      ...WIDE,
      name: "sessions_list",
      describe: "Lists conversations that you may reach, latest first.",
      untrustedOutput: true,
      params: z.strictObject({
        kinds: z.array(z.string().max(40)).max(10).optional(),
        limit: z.int().min(1).max(200).optional(),
        activeMinutes: z.int().min(1).max(527_040).optional(),
        messageLimit: z.int().min(0).max(20).optional().describe("So many of the last messages of each."),
      }),
      async run({ kinds, limit = 50, activeMinutes, messageLimit = 0 }, context) {
        const now = reach();
        const isReached = (key: string): boolean => mayReach(context.agentId, key, now);
        const rows = await port.list({ kinds, limit, activeMinutes, messageLimit, mayReach: isReached }, context);
        return { text: json(rows.filter(({ key }) => isReached(key))) };
      },
    }),
    defineTool({
      ...WIDE,
      name: "sessions_history",
      describe: "Reads what was said in another conversation.",
      untrustedOutput: true,
      params: z.strictObject({
        sessionKey,
        limit: z.int().min(1).max(500).optional(),
        includeTools: z.boolean().optional(),
      }),
      async run({ sessionKey: key, limit = 50, includeTools = false }, context) {
        requireReach(key, context, reach());
        const messages = await port.history({ sessionKey: key, limit, includeTools }, context);
        if (messages === undefined) throw new ToolFailure(`There is no session ${key} that you may reach. List them.`);
        return { text: json(messages) };
      },
    }),
    sendTool(port, reach),
    spawnTool(port, reach),
    defineTool({
      groups: ["group:sessions"],
      ownerOnly: false,
      name: "session_status",
      describe: "Tells what this conversation thinks with, and what it used. Changes its model when one is named.",
      // Its title is a person's or a group's name, or the first words in it.
      untrustedOutput: true,
      params: z.strictObject({
        sessionKey: sessionKey.optional(),
        model: z.string().min(1).max(300).optional().describe('A model, or "default".'),
      }),
      async run({ sessionKey: asked, model }, context) {
        const key = asked ?? context.sessionKey;
        const isOwn = key.toLowerCase() === context.sessionKey.toLowerCase();
        if (!context.principal.isOwner && !(isOwn && model === undefined))
          throw new ToolFailure("Only the owner may have that done.");
        if (!isOwn) requireReach(key, context, reach());
        const status = await port.status({ sessionKey: key, model }, context);
        if (status === undefined) throw new ToolFailure(`There is no session ${key} that you may reach. List them.`);
        return { text: json(status), details: status };
      },
    }),
    defineTool({
      groups: [],
      ownerOnly: true,
      name: "agents_list",
      describe: "Lists the agents that you may start with sessions_spawn.",
      untrustedOutput: false,
      params: z.strictObject({}),
      run: async (_, { agentId }) => ({ text: json(startable(agentId, reach())) }),
    }),
  ];
}

function sendTool(port: SessionsPort, reach: () => SessionReach): Tool {
  return defineTool({
    ...WIDE,
    name: "sessions_send",
    describe: "Writes into another conversation, as a turn of it, and waits for the answer if it is given time.",
    untrustedOutput: true,
    isSequential: true,
    params: z.strictObject({
      sessionKey: sessionKey.optional(),
      label: z.string().min(1).max(200).optional().describe("Its name, where the key isn't known."),
      agentId: z.string().min(1).max(64).optional().describe("Whose session of that name."),
      message: z.string().min(1).max(100_000),
      timeoutSeconds: z.int().min(0).max(3_600).optional().describe("0: don't wait. 30 unless said otherwise."),
    }),
    async run({ sessionKey: asked, label, agentId, message, timeoutSeconds = 30 }, context) {
      const key = asked ?? (label === undefined ? undefined : await port.find(label, agentId, context));
      if (key === undefined)
        throw new ToolFailure(label === undefined ? 'Say "sessionKey" or "label".' : `There is no session "${label}".`);
      requireReach(key, context, reach());
      if (key.toLowerCase() === context.sessionKey.toLowerCase())
        throw new ToolFailure("That is the conversation that you are in: just answer.");
      const timeoutMs = timeoutSeconds * 1_000;
      const sent = await port.send({ sessionKey: key, message, timeoutMs, idempotencyKey: keyOf(context) }, context);
      return { text: json({ sessionKey: key, ...sent }), isError: sent.status === "error", details: sent };
    },
  });
}

function spawnTool(port: SessionsPort, reach: () => SessionReach): Tool {
  return defineTool({
    ...WIDE,
    name: "sessions_spawn",
    describe: "Starts an agent on a task of its own, beside this conversation. What comes of it is told here later.",
    untrustedOutput: false,
    isSequential: true,
    params: z.strictObject({
      task: z.string().min(1).max(100_000),
      label: z.string().min(1).max(200).optional(),
      agentId: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .describe("Yourself unless said otherwise; agents_list tells others."),
      model: z.string().min(1).max(300).optional(),
      thinking: z.enum(["off", "minimal", "low", "medium", "high", "xhigh"]).optional(),
      runTimeoutSeconds: z.int().min(0).max(86_400).optional().describe("0: as long as any run."),
      cleanup: z.enum(["delete", "keep"]).optional(),
    }),
    async run({ task, label, agentId, model, thinking, runTimeoutSeconds = 0, cleanup = "keep" }, context) {
      const wanted = (agentId ?? context.agentId).toLowerCase();
      if (!startable(context.agentId, reach()).some(({ id }) => id.toLowerCase() === wanted))
        throw new ToolFailure(`You may not start the agent "${wanted}". agents_list tells which you may.`);
      const { childSessionKey, runId } = await port.spawn(
        {
          task,
          label,
          agentId: wanted,
          model,
          thinking,
          timeoutMs: runTimeoutSeconds * 1_000,
          cleanup,
          idempotencyKey: keyOf(context),
        },
        context,
      );
      const accepted = { status: "accepted", runId, childSessionKey };
      return { text: json(accepted), details: accepted };
    },
  });
}

/** The agents that one may start: itself, and those that the owner says. */
function startable(agentId: string, { agents, allowAgents }: SessionReach): SessionReach["agents"] {
  const named = allowAgents(agentId).map((id) => id.toLowerCase());
  const own = agentId.toLowerCase();
  return agents.filter(({ id }) => id.toLowerCase() === own || named.includes("*") || named.includes(id.toLowerCase()));
}
