import type { ModelRef } from "../backend.ts";
import type { RunPrincipal, Tool } from "../tool.ts";
import { meansTool, type NamedTool, SUBAGENT_DENIED, TOOL_PROFILES, type ToolProfile } from "./tool-groups.ts";

/** Which tools there are, as one place of the configuration says. */
export interface ToolPolicyRules {
  readonly profile?: ToolProfile | undefined;
  /** Only these; empty or absent: all that are left. */
  readonly allow?: readonly string[] | undefined;
  /** These besides the profile's, or besides `allow`. */
  readonly alsoAllow?: readonly string[] | undefined;
  /** Never these, whatever else says. */
  readonly deny?: readonly string[] | undefined;
}

/** The same, and for single providers (`anthropic`) or models (`anthropic/claude-opus-4-5`) besides. */
export interface ToolPolicyLayer extends ToolPolicyRules {
  readonly byProvider?: Readonly<Record<string, ToolPolicyRules>> | undefined;
}

/** Everything that decides which tools a run has. */
export interface ToolPolicyQuestion {
  readonly principal: Pick<RunPrincipal, "isOwner">;
  readonly model: ModelRef;
  /** `tools` of the configuration. */
  readonly global?: ToolPolicyLayer | undefined;
  /** `agents.list[].tools` of the agent. */
  readonly agent?: ToolPolicyLayer | undefined;
  /** Of the group or channel. */
  readonly conversation?: ToolPolicyRules | undefined;
  /** Of the sender there. */
  readonly sender?: ToolPolicyRules | undefined;
  /** Whether an agent started this run. */
  readonly isSubagent: boolean;
  /** `tools.subagents.tools`. */
  readonly subagent?: ToolPolicyRules | undefined;
  /** `tools.dangerouslyAllowForNonOwners`: names and groups; `*` names nothing here. */
  readonly forNonOwners?: readonly string[] | undefined;
}

/** Why a run doesn't have a tool: the step that took it away. */
export type ToolDenial =
  | "owner-only"
  | "profile"
  | "provider-profile"
  | "global"
  | "provider"
  | "agent"
  | "agent-provider"
  | "conversation"
  | "sender"
  | "subagent";

/**
 * Why a run may not use a tool; `undefined`: it may. Each step only takes away, so none gives back what another denied:
 * the owner's own tools, the profile, the provider's profile, global, the provider's, the agent's, the agent's for the
 * provider, the conversation's, the sender's, and what agents that agents started never have. Pure.
 */
export function denialOf(
  tool: NamedTool & Pick<Tool, "ownerOnly">,
  question: ToolPolicyQuestion,
): ToolDenial | undefined {
  const { agent, conversation, global, model, sender } = question;
  const globalFor = providerRules(global, model);
  const agentFor = providerRules(agent, model);
  const steps: readonly (readonly [ToolDenial, () => boolean])[] = [
    ["owner-only", () => isOpenTo(tool, question)],
    ["profile", () => isInProfile(tool, [agent, global])],
    ["provider-profile", () => isInProfile(tool, [agentFor, globalFor])],
    ["global", () => passes(tool, global)],
    ["provider", () => passes(tool, globalFor)],
    ["agent", () => passes(tool, agent)],
    ["agent-provider", () => passes(tool, agentFor)],
    ["conversation", () => passes(tool, conversation)],
    ["sender", () => passes(tool, sender)],
    ["subagent", () => !question.isSubagent || isForSubagents(tool, question.subagent)],
  ];
  return steps.find(([, isLetThrough]) => !isLetThrough())?.[0];
}

/** The tools that a run has. Pure. */
export function toolsFor(tools: readonly Tool[], question: ToolPolicyQuestion): readonly Tool[] {
  return tools.filter(
    ({ description, groups, ownerOnly }) =>
      denialOf({ name: description.name, groups, ownerOnly }, question) === undefined,
  );
}

function isOpenTo(
  tool: NamedTool & Pick<Tool, "ownerOnly">,
  { principal, forNonOwners = [] }: ToolPolicyQuestion,
): boolean {
  if (!tool.ownerOnly || principal.isOwner) return true;
  // A pattern would hand out tools that nobody thought of: what is dangerous has to be named.
  return forNonOwners.some((entry) => !entry.includes("*") && meansTool(entry, tool));
}

/** The inner rules' profile counts instead of the outer ones', and so does what they add to it. */
function isInProfile(tool: NamedTool, rules: readonly (ToolPolicyRules | undefined)[]): boolean {
  const profile = rules.find((one) => one?.profile !== undefined)?.profile;
  if (profile === undefined) return true;
  const added = rules.find((one) => one?.alsoAllow !== undefined)?.alsoAllow ?? [];
  return [...TOOL_PROFILES[profile], ...added].some((entry) => meansTool(entry, tool));
}

function passes(tool: NamedTool, rules: ToolPolicyRules | undefined): boolean {
  if (rules === undefined) return true;
  const { allow = [], alsoAllow = [], deny = [] } = rules;
  if (deny.some((entry) => meansTool(entry, tool))) return false;
  return allow.length === 0 || [...allow, ...alsoAllow].some((entry) => meansTool(entry, tool));
}

/** What the subagent rules allow by name they have; everything else that they never have stays away. */
function isForSubagents(tool: NamedTool, rules: ToolPolicyRules | undefined): boolean {
  if (!passes(tool, rules)) return false;
  const isNamed = rules?.allow?.some((entry) => !entry.includes("*") && meansTool(entry, tool)) ?? false;
  return isNamed || !SUBAGENT_DENIED.includes(tool.name.toLowerCase());
}

/** The rules for a model, else those for its provider. */
function providerRules(layer: ToolPolicyLayer | undefined, { provider, model }: ModelRef): ToolPolicyRules | undefined {
  const entries = Object.entries(layer?.byProvider ?? {});
  const named = (name: string): ToolPolicyRules | undefined =>
    entries.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return named(`${provider}/${model}`) ?? named(provider);
}
