/** Who may write in direct messages. */
export type DmPolicy = "pairing" | "allowlist" | "open" | "disabled";
/** Who may write in groups. */
export type GroupPolicy = "allowlist" | "open" | "disabled";

/** What is set for one group, channel or topic. */
export interface GroupPolicyRow {
  readonly enabled?: boolean;
  readonly requireMention?: boolean;
  /** Who may write here, instead of the account's group list. */
  readonly allowFrom?: readonly string[];
  readonly systemPrompt?: string;
  readonly tools?: ToolRules;
  /** By sender id; `*` for whoever isn't named. */
  readonly toolsBySender?: Readonly<Record<string, ToolRules>>;
  /** By topic or thread id. */
  readonly topics?: Readonly<Record<string, Omit<GroupPolicyRow, "topics">>>;
}

/** Which tools an agent may use here. */
export interface ToolRules {
  readonly allow?: readonly string[];
  readonly alsoAllow?: readonly string[];
  readonly deny?: readonly string[];
}

/** What an account's configuration says about who may write, with every default filled in. */
export interface AccountPolicy {
  readonly dmPolicy: DmPolicy;
  /** As configured; `*` for everybody. What owners approved by code is kept elsewhere and counts for DMs alone. */
  readonly allowFrom: readonly string[];
  readonly groupPolicy: GroupPolicy;
  /** Senders in groups. `undefined`: the configured `allowFrom`, and never what was approved by code (rule R-41). */
  readonly groupAllowFrom: readonly string[] | undefined;
  /** By group id; `*` for all that aren't named. Empty: no group is named, and the policy alone decides. */
  readonly groups: Readonly<Record<string, GroupPolicyRow>>;
  /** Whether names that their owners can change count as ids. Named as dangerous in the configuration. */
  readonly dangerouslyMatchNames: boolean;
  /** Whether messages of other bots are read. */
  readonly allowBots: boolean;
  /** How many messages of a group are kept as context for the next one that is for us. 0: none. */
  readonly historyLimit: number;
  readonly textChunkChars: number | undefined;
  readonly chunkMode: "length" | "newline";
  readonly maxMediaBytes: number | undefined;
  /** How the beginning of an answer is shown. */
  readonly streaming: "off" | "partial";
  /** Which messages of an answer quote the question. */
  readonly replyToMode: "off" | "first" | "all";
  /** Which reactions to our messages are told to the agent. */
  readonly reactionNotifications: "off" | "own" | "all";
  readonly markdownTables: "off" | "bullets" | "code";
}
