import type { Requirement } from "./requirement.ts";

/** What is promised about the models that agents think with. */
export const MODEL_REQUIREMENTS: readonly Requirement[] = [
  {
    id: "models:stream",
    source: "packages/backends/models/README.md",
    behaviour: "An answer comes in pieces and ends once, with why it ended, the tokens it used and what they cost.",
  },
  {
    id: "models:prompt",
    source: "packages/backends/models/README.md",
    behaviour: "The system text, what was said and the tools arrive in the provider's own language.",
  },
  {
    id: "models:tool-calls",
    source: "packages/backends/models/README.md",
    behaviour: "Calls of tools are told whole or not at all; arguments that can't be read stay the text that they are.",
  },
  {
    id: "models:repair",
    source: "packages/backends/models/README.md",
    behaviour:
      "Every call that is sent has exactly one result, also when its run was cut short, and an id and a name that the provider takes.",
  },
  {
    id: "models:images",
    source: "packages/backends/models/README.md",
    behaviour: "Images of people and of tools reach the models that take them; others are told that one was left out.",
  },
  {
    id: "models:thinking",
    source: "packages/backends/models/README.md",
    behaviour:
      "Thinking is told apart from the answer, and goes back, signed, to the model that thought it and to no other.",
  },
  {
    id: "models:empty",
    source: "packages/backends/models/README.md",
    behaviour: "Nothing is no answer to a person; after the result of a tool it may be one.",
  },
  {
    id: "models:catalog",
    source: "packages/backends/models/README.md",
    behaviour: "Which models there are is known without asking anybody.",
  },
  {
    id: "models:failures",
    source: "packages/backends/models/README.md",
    behaviour: "Every way to fail is an error of a known kind, and nothing is asked twice.",
  },
  {
    id: "models:retry-after",
    source: "packages/backends/models/README.md",
    behaviour: "The time that a provider asks to wait is passed on, up to a day.",
  },
  {
    id: "models:timeouts",
    source: "packages/backends/models/README.md",
    behaviour: "Silence before and within an answer ends it after a known time; a slow answer is no silence.",
  },
  {
    id: "models:abort",
    source: "packages/backends/models/README.md",
    behaviour: "Stopping ends a step at once with its own reason, and gives the request up.",
  },
  {
    id: "models:bounded",
    source: "packages/backends/models/README.md",
    behaviour: "An answer without end is cut off.",
  },
  {
    id: "models:no-secrets",
    source: "packages/backends/models/README.md",
    behaviour: "A key goes to the configured address alone and stands in no error, whatever the far side repeats.",
  },
  {
    id: "models:options",
    source: "packages/backends/models/README.md",
    behaviour: "Providers that can't be are refused at the start.",
  },
  {
    id: "models:lazy",
    source: "packages/backends/models/README.md",
    behaviour: "Nothing of the SDK is loaded before the first thought.",
  },
  {
    id: "models:config",
    source: "docs/configuration.md",
    behaviour: "Models, agents and tools are configured by annotated keys; what is off is said with path and remedy.",
  },
  {
    id: "models:page",
    source: "docs/models.md",
    behaviour: "Every example of the page about models is a configuration without a warning.",
  },
  {
    id: "models:well-known",
    source: "docs/models.md",
    behaviour: "A key in the environment is enough for well-known services, and goes to those alone.",
  },
  {
    id: "tools:policy",
    source: "docs/tools.md",
    behaviour:
      "Which tools a run has follows from profile, provider, agent, conversation, sender and sub-agent rules; each step only takes away.",
  },
  {
    id: "tools:deny-wins",
    source: "docs/tools.md",
    behaviour: "A tool that any rule denies isn't there, whatever other rules say.",
  },
  {
    id: "tools:owner-only",
    source: "docs/tools.md",
    behaviour: "Others than the owner have none of the owner's tools unless the configuration names them as dangerous.",
  },
  {
    id: "tools:arguments",
    source: "docs/tools.md",
    behaviour: "Arguments are checked before a tool sees them; what doesn't fit is refused in words and does nothing.",
  },
  {
    id: "tools:untrusted",
    source: "docs/tools.md",
    behaviour: "Output that others can shape is marked as such.",
  },
  {
    id: "tools:bounded",
    source: "docs/tools.md",
    behaviour: "Output is cut to a known size, between whole characters, and says so.",
  },
  {
    id: "tools:files",
    source: "docs/tools.md",
    behaviour: "Files are read in parts, written as a whole, and edited only where the place is certain.",
  },
  {
    id: "tools:exec",
    source: "docs/tools.md",
    behaviour: "A command is one program with plain words, or a shell that stands there by name and is judged as one.",
  },
  {
    id: "tools:host-exec",
    source: "docs/tools.md",
    behaviour:
      "Commands of agents are planned, judged and asked about by the host's own rules, and end with their run.",
  },
  {
    id: "tools:nodes",
    source: "docs/tools.md",
    behaviour: "Agents ask nodes over the gateway's rules, and can't change what they may do there.",
  },
  {
    id: "tools:message",
    source: "docs/tools.md",
    behaviour:
      "Messages of agents carry a key of their call; others than the owner write where they are and nowhere else.",
  },
  {
    id: "tools:sessions",
    source: "docs/tools.md",
    behaviour: "Sessions of other agents are out of reach until the owner opens them.",
  },
  {
    id: "tools:jail",
    source: "docs/security.md R-59",
    behaviour: "Tools touch files of the workspace alone: no path, link, device or race leads out.",
  },
];
