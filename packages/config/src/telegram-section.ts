import { z } from "zod";
import { laterKey, optionalKey, section, sectionMap } from "./annotate.ts";
import { nonEmpty, secret, wholeNumber } from "./values.ts";

/** An id as people write it: a text or a number. */
const id = z.union([z.string().trim().min(1).max(256), z.int()]);
const ids = z.array(id).max(10_000);
const name = z.string().trim().min(1).max(256);

const toolRules = z.strictObject({
  allow: z.array(name).max(1_000).optional(),
  alsoAllow: z.array(name).max(1_000).optional(),
  deny: z.array(name).max(1_000).optional(),
});

const topicShape = {
  enabled: z.boolean().optional(),
  requireMention: z.boolean().optional(),
  allowFrom: ids.optional(),
  skills: z.array(name).max(1_000).optional(),
  systemPrompt: z.string().max(65_536).optional(),
  tools: toolRules.optional(),
  toolsBySender: z.record(z.string(), toolRules).optional(),
};

const groups = z.record(
  z.string(),
  z.strictObject({ ...topicShape, topics: z.record(z.string(), z.strictObject(topicShape)).optional() }),
);

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
  .refine((text) => new URL(text).username === "" && new URL(text).password === "");

/**
 * The keys of an account, for the section itself and for each of `accounts`. None has a default in the schema: what an account doesn't
 * say comes from the section, and only then from the default.
 */
const accountKeys = () => ({
  enabled: optionalKey(z.boolean(), {
    description: "Whether it runs. Without a token it doesn't either.",
    expects: "true or false",
    defaultText: "`true`",
    reload: "channel",
  }),
  name: optionalKey(name, {
    description: "What people call it, in lists.",
    expects: "a text",
    reload: "channel",
  }),
  botToken: optionalKey(secret, {
    description: "The bot's token, as @BotFather gave it. `TELEGRAM_BOT_TOKEN` does the same for the default account.",
    expects: "a secret: a number, a colon, and letters, as @BotFather gave it",
    sensitive: true,
    reload: "channel",
  }),
  tokenFile: optionalKey(nonEmpty, {
    description: "A file that holds the token and nothing else; stronger than `botToken` beside it.",
    expects: "the path of a file",
    reload: "channel",
  }),
  apiRoot: optionalKey(httpUrl, {
    description:
      "Where bots are served, for a Bot API server of one's own. It gets the token, so don't cross a network without https.",
    expects: "a URL such as https://bots.example, without user name or password",
    defaultText: "`https://api.telegram.org`",
    reload: "channel",
  }),
  dmPolicy: optionalKey(z.enum(["pairing", "allowlist", "open", "disabled"]), {
    description:
      'Who may write in private: whoever its owner let in by code, the ids of `allowFrom`, everybody (`allowFrom` must then contain "*"), or nobody.',
    expects: '"pairing", "allowlist", "open" or "disabled"',
    defaultText: "`pairing`",
    reload: "channel",
  }),
  allowFrom: optionalKey(ids, {
    description: 'Telegram user ids that may write in private. "*" means everybody.',
    expects: "a list of ids",
    defaultText: "`[]`",
    reload: "channel",
  }),
  groupPolicy: optionalKey(z.enum(["allowlist", "open", "disabled"]), {
    description: "Who may write in groups: the ids of `groupAllowFrom`, everybody there, or nobody.",
    expects: '"allowlist", "open" or "disabled"',
    defaultText: "`channels.defaults.groupPolicy`, else `allowlist`",
    reload: "channel",
  }),
  groupAllowFrom: optionalKey(ids, {
    description: 'Telegram user ids that may write in groups. "*" means everybody.',
    expects: "a list of ids",
    defaultText: "`allowFrom`",
    reload: "channel",
  }),
  groups: optionalKey(groups, {
    description:
      "Rules by group id, `*` for those that aren't named: enabled, requireMention, allowFrom, systemPrompt, tools, toolsBySender, and the same by topic under topics; skills is taken and has no effect yet. When there are any, other groups are ignored.",
    expects: 'rules by group id, such as { "-1001234": { requireMention: false } }',
    reload: "channel",
  }),
  dangerouslyMatchNames: optionalKey(z.boolean(), {
    description: "Whether user names count as ids in the lists. Anybody can take a name that was given up.",
    expects: "true or false",
    defaultText: "`false`",
    reload: "channel",
  }),
  allowBots: optionalKey(z.boolean(), {
    description: "Whether messages of other bots are read.",
    expects: "true or false",
    defaultText: "`false`",
    reload: "channel",
  }),
  historyLimit: optionalKey(wholeNumber(0, 1_000), {
    description:
      "How many messages of a group that weren't for the agent are shown to it with the next one that is. 0: none.",
    expects: "a whole number from 0 to 1000",
    defaultText: "`50`",
    reload: "channel",
  }),
  textChunkLimit: optionalKey(wholeNumber(100, 4_096), {
    description: "Longest text of one message, in characters; longer answers are cut.",
    expects: "a whole number from 100 to 4096",
    defaultText: "`4000`",
    reload: "channel",
  }),
  chunkMode: optionalKey(z.enum(["length", "newline"]), {
    description: "Where long answers are cut: by length, or at blank lines first.",
    expects: '"length" or "newline"',
    defaultText: "`length`",
    reload: "channel",
  }),
  mediaMaxMb: optionalKey(z.number().positive().max(50), {
    description: "Largest file, in MiB. Telegram gives bots no files above 20.",
    expects: "a number above 0, at most 50",
    defaultText: "`5`",
    reload: "channel",
  }),
  markdown: optionalKey(z.strictObject({ tables: z.enum(["off", "bullets", "code"]).optional() }), {
    description: 'How tables are shown: `{ tables: "code" }` in a fixed width, `bullets` as lists, `off` as written.',
    expects: 'an object such as { tables: "bullets" }',
    defaultText: '`{ tables: "code" }`',
    reload: "channel",
  }),
  streamMode: optionalKey(z.enum(["off", "partial", "block"]), {
    description: "Whether an answer is shown while it grows. `block` means `partial`.",
    expects: '"off", "partial" or "block"',
    defaultText: "`partial`",
    reload: "channel",
  }),
  replyToMode: optionalKey(z.enum(["off", "first", "all"]), {
    description: "Which messages of an answer quote the question.",
    expects: '"off", "first" or "all"',
    defaultText: "`first`",
    reload: "channel",
  }),
  reactionNotifications: optionalKey(z.enum(["off", "own", "all"]), {
    description: "Which reactions the agent is told of: none, those to its own messages, or all.",
    expects: '"off", "own" or "all"',
    defaultText: "`own`",
    reload: "channel",
  }),
  linkPreview: optionalKey(z.boolean(), {
    description: "Whether Telegram shows a preview of links in answers.",
    expects: "true or false",
    defaultText: "`true`",
    reload: "channel",
  }),
  customCommands: optionalKey(
    z
      .array(
        z.strictObject({
          command: z.string().regex(/^\/?[a-z0-9_]{1,32}$/),
          description: z.string().trim().min(1).max(256),
        }),
      )
      .max(100),
    {
      description: "Commands that the bot's menu shows besides the gateway's own.",
      expects:
        'a list such as [{ command: "backup", description: "Make a backup" }], names of lower-case letters, digits and _',
      reload: "channel",
    },
  ),
  timeoutSeconds: optionalKey(wholeNumber(5, 500), {
    description: "How long a call that sends a text may take, in seconds; files get five times as long.",
    expects: "a whole number from 5 to 500",
    defaultText: "`60`",
    reload: "channel",
  }),
  webhookUrl: optionalKey(httpUrl, {
    description:
      "Public address to which Telegram brings messages. Without it, the gateway asks for them and needs no address.",
    expects: "a URL such as https://gateway.example/telegram-webhook",
    reload: "channel",
  }),
  webhookSecret: optionalKey(
    secret.refine((text) => /^[\w-]{16,256}$/.test(text)),
    {
      description: "What proves that it is Telegram who brings them. `webhookUrl` needs it.",
      expects: "a secret of 16 to 256 letters, digits, _ and -",
      sensitive: true,
      reload: "channel",
    },
  ),
  webhookPath: optionalKey(z.string().regex(/^\/[\w./-]{1,200}$/), {
    description: "The path on the gateway's own port that `webhookUrl` leads to. Each account needs one of its own.",
    expects: "a path such as /telegram-webhook",
    defaultText: "`/telegram-webhook`",
    reload: "channel",
  }),
  dmHistoryLimit: laterKey("How much of a private conversation is kept.", "channel"),
  dms: laterKey("The same by person.", "channel"),
  blockStreaming: laterKey("Send an answer in blocks while it is thought.", "channel"),
  blockStreamingCoalesce: laterKey("How such blocks are joined.", "channel"),
  draftChunk: laterKey("How much of an answer a draft shows at once.", "channel"),
  configWrites: optionalKey(z.boolean(), {
    description:
      "Whether what happens in chats may change the configuration: a group that gets a new id takes its settings along.",
    expects: "true or false",
    defaultText: "`true`",
    reload: "channel",
  }),
  capabilities: laterKey("What the agent may use here, such as inline buttons.", "channel"),
  actions: laterKey("Which of the agent's tools may act here.", "channel"),
  heartbeat: laterKey("What is shown of heartbeats.", "channel"),
  retry: laterKey("How often sending is tried again.", "channel"),
  network: laterKey("How connections are made.", "channel"),
  proxy: laterKey("A proxy for connections to Telegram.", "channel"),
  commands: laterKey("Which commands the menu shows.", "channel"),
  reactionLevel: laterKey("How freely the agent reacts to messages.", "channel"),
});

/** Everything under `channels.telegram`. */
export const telegramSection = () => section({ ...accountKeys(), accounts: sectionMap(accountKeys()) });
