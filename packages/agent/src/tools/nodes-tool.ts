import { z } from "zod";
import type { Tool, ToolContext } from "../tool.ts";
import { defineTool } from "./define-tool.ts";
import { ToolFailure } from "./tool-failure.ts";

/** A node as agents see it. */
export interface NodeSummary {
  readonly id: string;
  readonly name: string | undefined;
  readonly isConnected: boolean;
  readonly platform: string | undefined;
  readonly commands: readonly string[];
}

/** What a node answered. */
export type NodeAnswer =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** The owner's nodes, as the gateway gives them to agents: its command policy and approvals apply. */
export interface NodesPort {
  list(context: ToolContext): Promise<readonly NodeSummary[]>;
  /** `undefined` for a node that isn't there. Plain JSON, for the model. */
  describe(node: string, context: ToolContext): Promise<unknown>;
  invoke(
    order: {
      readonly node: string;
      readonly command: string;
      readonly params: Readonly<Record<string, unknown>>;
      readonly timeoutMs: number | undefined;
      readonly idempotencyKey: string;
    },
    context: ToolContext,
  ): Promise<NodeAnswer>;
}

/** What an agent never asks a node for: with it, it could change what it may do there. */
const NEVER = /^system\.execApprovals\./i;
/** What only the gateway says to a node (rule R-32). */
const GATEWAY_FIELDS = ["approved", "approvalDecision", "systemRunPlan", "runId"];

/** `nodes`: which nodes there are, what they can, and asking them to do it. */
export function nodesTool(port: NodesPort): Tool {
  return defineTool({
    name: "nodes",
    groups: ["group:nodes"],
    ownerOnly: true,
    untrustedOutput: true,
    describe: "The owner's other devices: lists them, describes one with its commands, or invokes a command on one.",
    params: z.strictObject({
      action: z.enum(["list", "describe", "invoke"]),
      node: z.string().min(1).max(200).optional().describe("Id or name; for describe and invoke."),
      command: z.string().min(1).max(200).optional().describe("For invoke, e.g. camera.snap."),
      params: z.record(z.string(), z.unknown()).optional().describe("For invoke: what the command takes."),
      timeoutMs: z.int().min(100).max(600_000).optional(),
    }),
    async run({ action, node, command, params = {}, timeoutMs }, context) {
      if (action === "list") return { text: json(await port.list(context)) };
      if (node === undefined) throw new ToolFailure(`"${action}" needs "node".`);
      if (action === "describe") {
        const description = await port.describe(node, context);
        if (description === undefined) throw new ToolFailure(`There is no node "${node}". List them.`);
        return { text: json(description) };
      }
      if (command === undefined) throw new ToolFailure('"invoke" needs "command".');
      if (NEVER.test(command)) throw new ToolFailure(`${command} is for the owner alone.`);
      const field = GATEWAY_FIELDS.find((one) => Object.hasOwn(params, one));
      if (field !== undefined) throw new ToolFailure(`"${field}" is nothing that an agent can say.`);
      const idempotencyKey = `${context.runId}:${context.toolCallId}`;
      const answer = await port.invoke({ node, command, params, timeoutMs, idempotencyKey }, context);
      return answer.ok
        ? { text: json(answer.payload ?? null), details: answer.payload }
        : { text: `${answer.code}: ${answer.message}`, isError: true };
    },
  });
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 1) ?? "null";
}
