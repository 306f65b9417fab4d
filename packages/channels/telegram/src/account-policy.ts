import type { AccountPolicy, GroupPolicyRow, ToolRules } from "@saltgate/channel";
import { type Fields, fieldsIn, given, integerIn, listIn, numberIn, textIn } from "./reading.ts";

/** Reads who may write and how answers look. What isn't set gets the safer default: pairing, and groups by list. Pure. */
export function accountPolicyOf(section: Fields): AccountPolicy {
  const mediaMb = numberIn(section["mediaMaxMb"]);
  return {
    dmPolicy: oneOf(section["dmPolicy"], ["pairing", "allowlist", "open", "disabled"], "pairing"),
    allowFrom: idsIn(section["allowFrom"]) ?? [],
    groupPolicy: oneOf(section["groupPolicy"], ["allowlist", "open", "disabled"], "allowlist"),
    groupAllowFrom: idsIn(section["groupAllowFrom"]),
    groups: rowsIn(section["groups"], groupRow),
    dangerouslyMatchNames: section["dangerouslyMatchNames"] === true,
    allowBots: section["allowBots"] === true,
    historyLimit: integerIn(section["historyLimit"]) ?? 50,
    textChunkChars: integerIn(section["textChunkLimit"]),
    chunkMode: oneOf(section["chunkMode"], ["length", "newline"], "length"),
    maxMediaBytes: mediaMb === undefined ? undefined : Math.floor(mediaMb * 1024 * 1024),
    streaming: section["streamMode"] === "off" ? "off" : "partial",
    replyToMode: oneOf(section["replyToMode"], ["off", "first", "all"], "first"),
    reactionNotifications: oneOf(section["reactionNotifications"], ["off", "own", "all"], "own"),
    markdownTables: tablesOf(section),
  };
}

/** How tables are shown. */
export function tablesOf(section: Fields): AccountPolicy["markdownTables"] {
  return oneOf(fieldsIn(section["markdown"])?.["tables"], ["off", "bullets", "code"], "code");
}

/** The value if it is one of these. The configuration was checked; what it let through by mistake is never more open. */
function oneOf<const T extends string>(value: unknown, allowed: readonly T[], fallback: T): T {
  return allowed.find((one) => one === value) ?? fallback;
}

/** Ids as texts: people write numbers. */
function idsIn(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((id) => typeof id === "string" || typeof id === "number").map((id) => String(id).trim());
}

function rowsIn<R>(value: unknown, read: (fields: Fields) => R): Readonly<Record<string, R>> {
  const rows = Object.entries(fieldsIn(value) ?? {}).map(([id, row]) => [id, read(fieldsIn(row) ?? {})] as const);
  return Object.fromEntries(rows);
}

function groupRow(fields: Fields): GroupPolicyRow {
  return {
    ...topicRow(fields),
    ...given({ topics: fields["topics"] === undefined ? undefined : rowsIn(fields["topics"], topicRow) }),
  };
}

function topicRow(fields: Fields): Omit<GroupPolicyRow, "topics"> {
  return given({
    enabled: booleanIn(fields["enabled"]),
    requireMention: booleanIn(fields["requireMention"]),
    allowFrom: idsIn(fields["allowFrom"]),
    systemPrompt: textIn(fields["systemPrompt"]),
    tools: fields["tools"] === undefined ? undefined : toolRules(fieldsIn(fields["tools"]) ?? {}),
    toolsBySender: fields["toolsBySender"] === undefined ? undefined : rowsIn(fields["toolsBySender"], toolRules),
  });
}

function toolRules(fields: Fields): ToolRules {
  const names = (value: unknown) => (value === undefined ? undefined : listIn(value).map(String));
  return given({ allow: names(fields["allow"]), alsoAllow: names(fields["alsoAllow"]), deny: names(fields["deny"]) });
}

function booleanIn(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
