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
    behaviour: "Every call that is sent has exactly one result, also when its run was cut short.",
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
    id: "models:well-known",
    source: "docs/models.md",
    behaviour: "A key in the environment is enough for well-known services, and goes to those alone.",
  },
];
