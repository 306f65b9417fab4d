import { z } from "zod";
import { keyed, laterKey, optionalKey, requiredKey, section } from "./annotate.ts";
import { spendLimit } from "./spend-limit.ts";
import { toolRules, toolRulesByProvider } from "./tool-rules.ts";
import { nonEmpty, wholeNumber } from "./values.ts";

const modelName = z.string().trim().min(1).max(300);
const modelChoice = z.union([
  modelName,
  z.strictObject({ primary: modelName.optional(), fallbacks: z.array(modelName).max(20).optional() }),
]);
const expectsModel = '"provider/model", or an object with primary and fallbacks';
const agentId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/);
const expectsAgents = 'a list of agent ids, or "*" for all';

const subagentsOf = () => ({
  allowAgents: optionalKey(z.array(nonEmpty).max(500), {
    description: "Which agents it may start besides itself.",
    expects: expectsAgents,
    reload: "live",
  }),
  model: optionalKey(modelChoice, {
    description: "The model of what it starts.",
    expects: expectsModel,
    defaultText: "its own",
    reload: "live",
  }),
});

const defaultsSection = () =>
  section({
    model: optionalKey(modelChoice, {
      description: "What agents think with, and what they turn to when that fails.",
      expects: expectsModel,
      defaultText: "the first model of `models.providers`, else the built-in backend",
      reload: "live",
    }),
    models: z
      .record(
        modelName,
        z.strictObject({
          alias: optionalKey(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), {
            description: "A short name for it, e.g. `opus`.",
            expects: "a word of letters, digits, ., _ and -",
            reload: "live",
          }),
          params: laterKey("Parameters of its requests.", "live"),
        }),
      )
      .prefault({}),
    workspace: optionalKey(nonEmpty, {
      description: "The folder that agents work in.",
      expects: "the path of a folder; ~ is the home folder",
      defaultText: "`workspace` in the state folder",
      reload: "live",
    }),
    skipBootstrap: laterKey("Don't put template files into a new workspace.", "live"),
    bootstrapMaxChars: keyed(wholeNumber(100, 1_000_000), 20_000, {
      description: "How much of each workspace file an agent is given, in characters.",
      expects: "a whole number from 100 to 1000000",
      reload: "live",
    }),
    contextTokens: optionalKey(wholeNumber(1_000, 100_000_000), {
      description: "How much a conversation may fill of any model, in tokens.",
      expects: "a whole number from 1000 to 100000000",
      defaultText: "what the model reads at once",
      reload: "live",
    }),
    thinkingDefault: optionalKey(z.enum(["off", "minimal", "low", "medium", "high", "xhigh"]), {
      description: "How much models think that can be told.",
      expects: '"off", "minimal", "low", "medium", "high" or "xhigh"',
      defaultText: "`low` for models that reason",
      reload: "live",
    }),
    timeoutSeconds: keyed(wholeNumber(1, 86_400), 600, {
      description: "How long one run may take, in seconds.",
      expects: "a whole number from 1 to 86400",
      reload: "live",
    }),
    maxConcurrent: keyed(wholeNumber(1, 1_000), 4, {
      description: "Most runs at once, of all sessions together.",
      expects: "a whole number from 1 to 1000",
      reload: "live",
    }),
    subagents: section({
      ...subagentsOf(),
      maxConcurrent: keyed(wholeNumber(1, 1_000), 8, {
        description: "Most runs at once of agents that agents started.",
        expects: "a whole number from 1 to 1000",
        reload: "live",
      }),
      archiveAfterMinutes: laterKey("When their sessions are put away.", "live"),
    }),
    blockStreamingBreak: laterKey("Where long answers are sent in parts.", "live"),
    blockStreamingChunk: laterKey("How long those parts are.", "live"),
    blockStreamingCoalesce: laterKey("How short parts are joined.", "live"),
    blockStreamingDefault: laterKey("Whether long answers are sent in parts.", "live"),
    cliBackends: laterKey("Other programs that think.", "live"),
    compaction: laterKey("How long conversations are shortened.", "live"),
    contextPruning: laterKey("When old results of tools are left out.", "live"),
    elevatedDefault: laterKey("Whether commands run outside the sandbox.", "live"),
    envelopeElapsed: laterKey("Tell agents how long ago the last message was.", "live"),
    envelopeTimestamp: laterKey("Tell agents when a message was sent.", "live"),
    envelopeTimezone: laterKey("In which time zone.", "live"),
    heartbeat: laterKey("Regular turns without a question.", "live"),
    humanDelay: laterKey("Pauses between the parts of an answer.", "live"),
    imageModel: laterKey("What looks at images.", "live"),
    mediaMaxMb: laterKey("Largest file of a message, in MB.", "live"),
    memorySearch: laterKey("Searching what agents remember.", "live"),
    repoRoot: laterKey("The repository that agents are told of.", "live"),
    sandbox: laterKey("Where commands of agents run.", "live"),
    timeFormat: laterKey("Whether agents are told the time with 12 or 24 hours.", "live"),
    typingIntervalSeconds: laterKey("How often typing is shown.", "live"),
    typingMode: laterKey("When typing is shown.", "live"),
    userTimezone: laterKey("The owner's time zone.", "live"),
    verboseDefault: laterKey("Whether tools are shown in chats.", "live"),
  });

const shown = (description: string, defaultText?: string) =>
  optionalKey(z.string().trim().min(1).max(200), {
    description,
    expects: "a text of at most 200 characters",
    ...(defaultText !== undefined && { defaultText }),
    reload: "live",
  });

const agentEntry = () =>
  z.strictObject({
    id: requiredKey(agentId, {
      description: "The agent's id: part of its session keys and folders.",
      expects: "a word of lower case letters, digits, _ and -",
      reload: "live",
    }),
    default: optionalKey(z.boolean(), {
      description: "Whether it answers where no other agent is bound.",
      expects: "true or false",
      defaultText: "the first agent",
      reload: "live",
    }),
    name: optionalKey(nonEmpty, {
      description: "What people call it.",
      expects: "a text",
      defaultText: "its id",
      reload: "live",
    }),
    workspace: optionalKey(nonEmpty, {
      description: "The folder that it works in.",
      expects: "the path of a folder; ~ is the home folder",
      defaultText: "the default's for the default agent, else `workspace-<id>` in the state folder",
      reload: "live",
    }),
    model: optionalKey(modelChoice, {
      description: "What it thinks with.",
      expects: expectsModel,
      defaultText: "the default's",
      reload: "live",
    }),
    tools: section({
      ...toolRules(),
      byProvider: toolRulesByProvider(),
      elevated: laterKey("Who may leave its sandbox.", "live"),
    }),
    subagents: section(subagentsOf()),
    limits: spendLimit("this agent", "`session.limits.agent`"),
    identity: section({
      name: shown("What it calls itself.", "its name"),
      emoji: shown("A symbol for it."),
      theme: shown("Its manner, in some words."),
      avatar: shown("A picture: a path in its workspace, or an https address."),
    }),
    agentDir: laterKey("Where its credentials lie.", "live"),
    groupChat: laterKey("What counts as a mention of it.", "live"),
    heartbeat: laterKey("Its regular turns.", "live"),
    humanDelay: laterKey("Its pauses.", "live"),
    memorySearch: laterKey("Its memory.", "live"),
    sandbox: laterKey("Its sandbox.", "live"),
  });

/** Everything under `agents`. */
export const agentsSection = () =>
  section({ defaults: defaultsSection(), list: z.array(agentEntry()).max(200).prefault([]) });
