import { z } from "zod";
import { keyed, laterKey, optionalKey, section } from "./annotate.ts";
import { toolRules, toolRulesByProvider } from "./tool-rules.ts";
import { nonEmpty, wholeNumber } from "./values.ts";

/** Everything under `tools`. */
export const toolsSection = () =>
  section({
    ...toolRules(),
    byProvider: toolRulesByProvider(),
    dangerouslyAllowForNonOwners: keyed(z.array(nonEmpty).max(100), [], {
      description:
        "Tools of the owner that other people's messages may use too: exec, write, edit, nodes and the sessions of others among them. Whoever may write to the bot can then make it use them.",
      expects: "a list of tools and groups",
      reload: "live",
    }),
    exec: section({
      security: optionalKey(z.enum(["deny", "allowlist", "full"]), {
        description:
          "What agents may run at most on this host. The stricter of this and the host's own approvals counts.",
        expects: '"deny", "allowlist" or "full"',
        defaultText: "what the host's approvals say",
        reload: "live",
      }),
      ask: optionalKey(z.enum(["off", "on-miss", "always"]), {
        description: "When the owner is asked at least. The stricter of this and the host's own approvals counts.",
        expects: '"off", "on-miss" or "always"',
        defaultText: "what the host's approvals say",
        reload: "live",
      }),
      timeoutSec: keyed(wholeNumber(1, 86_400), 1_800, {
        description: "How long a command of an agent may run, in seconds.",
        expects: "a whole number from 1 to 86400",
        reload: "live",
      }),
      host: laterKey("Where commands run: `sandbox`, `gateway` or `node`.", "live"),
      node: laterKey("Which node commands run on.", "live"),
      pathPrepend: laterKey("Folders before the others on the PATH of commands.", "live"),
      backgroundMs: laterKey("After how long a command goes on in the background.", "live"),
      cleanupMs: laterKey("How long a finished command's output is kept.", "live"),
      notifyOnExit: laterKey("Tell the session when a command in the background ends.", "live"),
      applyPatch: laterKey("The `apply_patch` tool.", "live"),
    }),
    agentToAgent: section({
      enabled: keyed(z.boolean(), false, {
        description: "Whether an agent may read and write the sessions of other agents.",
        expects: "true or false",
        reload: "live",
      }),
      allow: keyed(z.array(nonEmpty).max(500), [], {
        description: "Which agents may be reached that way.",
        expects: 'a list of agent ids, or "*"',
        reload: "live",
      }),
    }),
    subagents: section({
      tools: section({
        allow: toolRules().allow,
        deny: toolRules().deny,
      }),
      model: laterKey("The model of agents that agents start.", "live"),
    }),
    elevated: laterKey("Who may run commands outside the sandbox.", "live"),
    links: laterKey("Reading the links in messages.", "live"),
    media: laterKey("Understanding images, audio and video in messages.", "live"),
    message: laterKey("Where agents may send messages.", "live"),
    sandbox: laterKey("Tools inside the sandbox.", "live"),
    web: laterKey("Searching and fetching pages.", "live"),
  });
