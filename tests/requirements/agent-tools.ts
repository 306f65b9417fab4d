import type { Requirement } from "./requirement.ts";

/** What agents can reach through a gateway. */
export const AGENT_TOOL_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "agent-tools:owner",
    source: "docs/tools.md",
    behaviour:
      "A guest's run isn't offered the owner's tools, and a call of one all the same does nothing; what the owner names for others they have.",
  },
  {
    id: "agent-tools:policy",
    source: "docs/tools.md",
    behaviour: "Tools are what the configuration leaves of them: for all, for the agent, for agents that it started.",
  },
  {
    id: "agent-tools:exec",
    source: "docs/tools.md",
    behaviour:
      "A command on the gateway's host runs when the owner allowed exactly it, from where he talks too; a no, or no answer in time, runs nothing, and the model is told so.",
  },
  {
    id: "agent-tools:exec-asker",
    source: "docs/security.md",
    behaviour: "Whoever isn't the owner can't answer the question that his own run asks (rule R-40).",
  },
  {
    id: "agent-tools:nodes",
    source: "docs/tools.md",
    behaviour:
      "An agent lists, describes and invokes nodes under the gateway's policy; a program on a node runs when the node's own rules or its owner allow it.",
  },
  {
    id: "agent-tools:message",
    source: "docs/tools.md",
    behaviour:
      "What an agent sends goes through the outbox, once for each call; a channel that there isn't, or that can't do it, is said in words.",
  },
  {
    id: "agent-tools:sessions",
    source: "docs/tools.md",
    behaviour: "An agent finds, reads and writes into sessions that it may reach, and learns what they answer.",
  },
  {
    id: "agent-tools:spawn",
    source: "docs/tools.md",
    behaviour:
      "An agent that an agent started does its task in a session of its own, and its answer comes back to the session that started it, once, and from there to the person.",
  },
  {
    id: "agent-tools:events",
    source: "docs/tools.md",
    behaviour:
      "Clients of revision 4 with the capability `tool-events` hear what tools are called with and what they answer; so does everybody who listens to a session that shows them.",
  },
];
