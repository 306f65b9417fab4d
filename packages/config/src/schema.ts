import { z } from "zod";
import { agentsSection } from "./agents-section.ts";
import { keyed, keyNotes, laterKey, optionalKey, section } from "./annotate.ts";
import { bindingsSection } from "./bindings-section.ts";
import { channelsSection } from "./channels-section.ts";
import { gatewaySection } from "./gateway-section.ts";
import { messagesSection } from "./messages-section.ts";
import { modelsSection } from "./models-section.ts";
import { sessionSection } from "./session-section.ts";
import { toolsSection } from "./tools-section.ts";
import { nonEmpty, pattern } from "./values.ts";

const logLevels = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;
const aLogLevel = logLevels.map((level) => `"${level}"`).join(", ");

const loggingSection = () =>
  section({
    level: keyed(z.enum(logLevels), "info", {
      description: "What goes into the log file.",
      expects: `one of ${aLogLevel}`,
      reload: "live",
    }),
    consoleLevel: keyed(z.enum(logLevels), "info", {
      description: "What goes to the terminal.",
      expects: `one of ${aLogLevel}`,
      reload: "live",
    }),
    file: optionalKey(nonEmpty, {
      description: "Where the log file lies.",
      expects: "the path of a file",
      defaultText: "in `logs/` of the state folder",
      reload: "gateway",
    }),
    redactSensitive: keyed(z.enum(["off", "tools"]), "tools", {
      description:
        "Whether `redactPatterns` apply to what tools print. Configured secrets are removed from every log whatever this says.",
      expects: '"off" or "tools"',
      reload: "live",
    }),
    redactPatterns: keyed(z.array(pattern).max(100), [], {
      description: "Regular expressions; what they match is removed from logs.",
      expects: "a list of regular expressions",
      reload: "live",
    }),
    consoleStyle: laterKey("How lines look on the terminal: `pretty`, `compact` or `json`.", "live"),
  });

const commandsSection = () =>
  section({
    restart: keyed(z.boolean(), false, {
      description: "Whether an agent may restart the gateway.",
      expects: "true or false",
      reload: "live",
    }),
    native: laterKey("Register commands with the channels that have a command menu.", "live"),
    nativeSkills: laterKey("The same for skills.", "live"),
    text: laterKey("Recognise commands in plain messages.", "live"),
    bash: laterKey("Let the owner run shell commands from chat.", "live"),
    bashForegroundMs: laterKey("How long such a command may hold the conversation, in milliseconds.", "live"),
    config: laterKey("Let the owner change the configuration from chat.", "live"),
    debug: laterKey("Let the owner override settings for this run from chat.", "live"),
    ownerAllowFrom: keyed(z.array(nonEmpty).max(100), [], {
      description:
        "Who you are on channels, e.g. `telegram:123456`: whoever is named here may do in chats what you may, run commands on this host among it. Nobody becomes owner by being allowed to write, and `*` counts for nobody.",
      expects: "a list of <channel>:<id>",
      reload: "live",
    }),
    useAccessGroups: keyed(z.boolean(), true, {
      description: "Whether the channels' lists also decide who may use commands in groups.",
      expects: "true or false",
      reload: "live",
    }),
  });

/** A note that a tool leaves in the file. */
const silentKey = (description: string) =>
  z.unknown().optional().register(keyNotes, { description, expects: "anything", reload: "live", silent: true });

function buildSchema() {
  return z.strictObject({
    $schema: silentKey("For editors: where the JSON Schema of this file lies."),
    meta: silentKey("Who wrote the file last, and when."),
    gateway: gatewaySection(),
    commands: commandsSection(),
    logging: loggingSection(),
    agents: agentsSection(),
    approvals: laterKey("Where requests to approve a command are shown."),
    audio: laterKey("Transcription of voice messages.", "live"),
    auth: laterKey("Profiles for model providers."),
    bindings: bindingsSection(),
    broadcast: laterKey("Groups in which several agents answer."),
    browser: laterKey("The browser that agents use."),
    canvasHost: laterKey("The canvas: its folder, port and live reload."),
    channels: channelsSection(),
    cron: laterKey("Scheduled work.", "live"),
    diagnostics: laterKey("Telemetry and traces."),
    discovery: laterKey("How this gateway is found on the network."),
    env: laterKey("Environment variables for everything the gateway runs."),
    hooks: laterKey("Webhooks from elsewhere.", "live"),
    media: laterKey("How media files are kept."),
    messages: messagesSection(),
    models: modelsSection(),
    nodeHost: laterKey("What this host offers as a node."),
    plugins: laterKey("Extensions."),
    session: sessionSection(),
    skills: laterKey("Skills of agents.", "live"),
    talk: laterKey("Speech.", "live"),
    tools: toolsSection(),
    ui: laterKey("Looks of the web page.", "live"),
    update: laterKey("Where updates come from."),
    web: laterKey("Reconnecting of WhatsApp.", "channel"),
    wizard: laterKey("What the setup remembered.", "live"),
  });
}

let built: ReturnType<typeof buildSchema> | undefined;

/** The schema. Built at its first use: commands that need no configuration don't pay for it. */
export function configSchema(): ReturnType<typeof buildSchema> {
  built ??= buildSchema();
  return built;
}

/** A configuration with every default filled in. */
export type Config = z.output<ReturnType<typeof buildSchema>>;

/** A configuration as people write it: everything may be absent. */
export type ConfigInput = z.input<ReturnType<typeof buildSchema>>;

/** The configuration of an empty file. Safe as it is: loopback only, and a secret is required. */
export function defaultConfig(): Config {
  return configSchema().parse({});
}

/** The schema as JSON Schema 2020-12, with the notes of each key beside its type. For editors and forms. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema(), { io: "input", metadata: keyNotes }) as Record<string, unknown>;
}
