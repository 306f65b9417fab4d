import { type ThinkingLevel, thinkingLevelOf } from "../session/session-settings.ts";
import type { QueueMode } from "../turn.ts";
import { queueModeOf } from "./queue-settings.ts";

/** Commands that are answered without asking a model. */
export type CommandName =
  | "help"
  | "status"
  | "whoami"
  | "stop"
  | "new"
  | "reset"
  | "model"
  | "think"
  | "queue"
  | "compact";

/** What was said, as a command. */
export type ChatCommand =
  | { readonly kind: "command"; readonly name: CommandName; readonly args: string }
  /** Settings for this message alone, and the message without them. */
  | {
      readonly kind: "directives";
      readonly model?: string;
      readonly thinking?: ThinkingLevel;
      readonly queueMode?: QueueMode;
      readonly text: string;
    };

/** A command as menus and `/help` show it. */
export interface CommandDescription {
  readonly name: CommandName;
  readonly usage: string;
  readonly description: string;
  /** `anyone`: whoever may write here at all. */
  readonly who: "anyone" | "authorized";
}

/** The commands, in the order in which they are shown. */
export const chatCommands: readonly CommandDescription[] = [
  { name: "help", usage: "/help", description: "What you can say.", who: "anyone" },
  {
    name: "status",
    usage: "/status",
    description: "How this conversation is set up, and what it is doing.",
    who: "authorized",
  },
  { name: "whoami", usage: "/whoami", description: "Who you are here.", who: "anyone" },
  { name: "stop", usage: "/stop", description: "Ends what is running and what waits here.", who: "authorized" },
  { name: "new", usage: "/new [model or message]", description: "Starts a new conversation.", who: "authorized" },
  { name: "reset", usage: "/reset [message]", description: "Starts a new conversation.", who: "authorized" },
  { name: "model", usage: "/model [name]", description: "Which model thinks here, or another one.", who: "authorized" },
  { name: "think", usage: "/think [level]", description: "How hard it thinks: off to xhigh.", who: "authorized" },
  {
    name: "queue",
    usage: "/queue [mode] [debounce:2s] [cap:20] [drop:old]",
    description: "What happens to messages while it is busy.",
    who: "authorized",
  },
  {
    name: "compact",
    usage: "/compact",
    description: "Forgets all but the last part of this conversation.",
    who: "authorized",
  },
];

const names: Readonly<Record<string, CommandName>> = {
  help: "help",
  commands: "help",
  start: "help",
  status: "status",
  whoami: "whoami",
  id: "whoami",
  stop: "stop",
  new: "new",
  reset: "reset",
  model: "model",
  models: "model",
  think: "think",
  thinking: "think",
  t: "think",
  queue: "queue",
  compact: "compact",
};

const stopWords: ReadonlySet<string> = new Set(["stop", "esc", "abort", "wait", "exit", "interrupt"]);
/** Longest text that can be one of these words with its dots and exclamation marks; in a longer one nobody looks for its end. */
const maxStopChars = 64;

/** Whether a whole message asks to stop: `/stop`, or one of the bare words. */
export function isStopText(text: string): boolean {
  const words = text.trim().toLowerCase();
  const word = words.length > maxStopChars ? "" : words.replace(/[.!]+$/, "");
  return stopWords.has(word) || /^\/(?:stop|abort)(?:@\S+)?(?:\s|$)/.test(words);
}

/**
 * What a message says as a command; `undefined` when it is for the agent. A command stands at the beginning. `/think`, `/model` and
 * `/queue` with a message after them hold for that message alone.
 * @param resetTriggers more words that start a new conversation, e.g. `/fresh`
 */
export function parseChatCommand(text: string, resetTriggers: readonly string[] = []): ChatCommand | undefined {
  const whole = text.trim();
  if (isStopText(whole)) return { kind: "command", name: "stop", args: "" };
  const trigger = resetTriggers.find((word) => {
    const start = word.trim().toLowerCase();
    return start !== "" && (whole.toLowerCase() === start || whole.toLowerCase().startsWith(`${start} `));
  });
  if (trigger !== undefined) return { kind: "command", name: "reset", args: whole.slice(trigger.trim().length).trim() };
  return directives(whole);
}

/** Whether a message is a command, which is answered without the agent. @param resetTriggers as {@link parseChatCommand} takes them */
export function isChatCommand(text: string, resetTriggers: readonly string[]): boolean {
  return parseChatCommand(text, resetTriggers)?.kind === "command";
}

function directives(whole: string): ChatCommand | undefined {
  let rest = whole;
  const found: { model?: string; thinking?: ThinkingLevel; queueMode?: QueueMode } = {};
  // One after the other, `/think high /model x Hello`; each takes its words, and what is left is the message.
  for (let count = 0; count < 4; count++) {
    const match = /^\/([a-z]+)(?:@[\w.-]+)?(?:\s*:\s*|\s+|$)([\s\S]*)$/i.exec(rest);
    const word = match?.[1]?.toLowerCase() ?? "";
    const name = Object.hasOwn(names, word) ? names[word] : undefined;
    const args = match?.[2]?.trim() ?? "";
    if (name === undefined) break;
    const taken = take(name, args);
    if (taken === undefined || (taken.left === "" && count === 0)) return { kind: "command", name, args };
    Object.assign(found, taken.found);
    rest = taken.left;
  }
  return rest === whole ? undefined : { kind: "directives", ...found, text: rest };
}

type Taken = {
  readonly found: { readonly model?: string; readonly thinking?: ThinkingLevel; readonly queueMode?: QueueMode };
  readonly left: string;
};

/** The words that belong to a directive; `undefined` for what is no directive, or has no value. */
function take(name: CommandName, args: string): Taken | undefined {
  const [first = ""] = args.split(/\s/, 1);
  const left = args.slice(first.length).trim();
  if (name === "think") {
    const thinking = thinkingLevelOf(first);
    return thinking === undefined ? undefined : { found: { thinking }, left };
  }
  if (name === "model")
    return /^[\w.:@+-]+(?:\/[\w.:@+/-]+)?$/.test(first) ? { found: { model: first }, left } : undefined;
  if (name === "queue") {
    const queueMode = queueModeOf(first);
    if (queueMode === undefined || /^(?:debounce|cap|drop):/i.test(left)) return undefined;
    return { found: { queueMode }, left };
  }
  return undefined;
}

/** What `/queue` asks for. */
export type QueueChange =
  | {
      readonly ok: true;
      readonly clear: boolean;
      readonly mode?: QueueMode;
      readonly debounceMs?: number;
      readonly cap?: number;
      readonly drop?: string;
    }
  | { readonly ok: false; readonly reason: string };

/** Reads what follows `/queue`. */
export function parseQueueArgs(args: string): QueueChange {
  const change: { mode?: QueueMode; debounceMs?: number; cap?: number; drop?: string } = {};
  for (const word of args
    .toLowerCase()
    .split(/\s+/)
    .filter((one) => one !== "")) {
    const mode = queueModeOf(word);
    const [, name, value = ""] = /^(debounce|cap|drop):(\S+)$/.exec(word) ?? [];
    if (["default", "reset", "clear"].includes(word)) return { ok: true, clear: true };
    if (mode !== undefined) change.mode = mode;
    else if (name === "debounce" && durationOf(value) !== undefined) change.debounceMs = durationOf(value)!;
    else if (name === "cap" && /^\d{1,3}$/.test(value) && Number(value) > 0) change.cap = Number(value);
    else if (name === "drop" && ["old", "new", "summarize"].includes(value)) change.drop = value;
    else
      return {
        ok: false,
        reason: `I don't know "${word.slice(0, 40)}". Usage: /queue steer|followup|collect|interrupt|default debounce:2s cap:20 drop:old|new|summarize`,
      };
  }
  return { ok: true, clear: false, ...change };
}

function durationOf(text: string): number | undefined {
  const [, number = "", unit = "ms"] = /^(\d{1,6})(ms|s|m)?$/.exec(text) ?? [];
  if (number === "") return undefined;
  const ms = Number(number) * (unit === "m" ? 60_000 : unit === "s" ? 1_000 : 1);
  return ms <= 600_000 ? ms : undefined;
}
