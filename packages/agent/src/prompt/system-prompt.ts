import type { AgentProfile } from "../settings.ts";
import type { RunPrincipal, ToolDescription } from "../tool.ts";
import { silentWord } from "./reply-shape.ts";
import { untrustedRule } from "./untrusted-text.ts";

/** A file of an agent's folder that its owner wrote for it. */
export interface WorkspaceFile {
  /** e.g. `AGENTS.md`. */
  readonly name: string;
  /** `undefined`: there is none. */
  readonly text: string | undefined;
}

const maxFiles = 20;

/** What an agent that an agent started is told of the folder: how to work, and nothing of whom it is for. */
const taskFiles: ReadonlySet<string> = new Set(["AGENTS.md", "TOOLS.md"]);
/** What was noted of the owner's life. */
const privateFiles: ReadonlySet<string> = new Set(["MEMORY.md"]);

/**
 * The files that a run is told: what is private only where the owner is alone with the agent, since whoever reads along can
 * have it told. Pure.
 */
export function filesToldTo(
  files: readonly WorkspaceFile[],
  { isAlone, isSubagent, principal }: { principal: RunPrincipal; isAlone: boolean; isSubagent: boolean },
): readonly WorkspaceFile[] {
  if (isSubagent) return files.filter(({ name }) => taskFiles.has(name));
  return principal.isOwner && isAlone ? files : files.filter(({ name }) => !privateFiles.has(name));
}

/** What a system prompt is made of. */
export interface SystemPromptFacts {
  readonly agent: AgentProfile;
  readonly files: readonly WorkspaceFile[];
  /** Of a longer file the rest is left out, in characters. */
  readonly maxFileChars: number;
  readonly tools: readonly ToolDescription[];
  readonly principal: RunPrincipal;
  readonly sessionKey: string;
  /** What is answered goes to this channel; absent: to clients. */
  readonly channel: string | undefined;
  readonly isDirect: boolean;
  readonly extra: string | undefined;
  /** In words, e.g. of the local day. */
  readonly now: string;
}

/** What a model is told before a conversation. Pure: the same facts give the same words. */
export function systemPrompt(facts: SystemPromptFacts): string {
  const { agent, channel, extra, files, isDirect, principal, sessionKey, tools } = facts;
  const name = agent.identity?.name ?? agent.name ?? agent.id;
  const blocks = [
    `You are ${name}, a personal assistant who runs on its owner's own gateway. Be exact, be brief, and say so when you don't know something.`,
    `It is ${facts.now}. This conversation is ${JSON.stringify(sessionKey)}; ${
      channel === undefined
        ? "your answers are shown in the owner's own clients"
        : `your answers go to ${channel}, ${isDirect ? "to one person" : "to a group, where others read along"}`
    }. You speak with ${principal.isOwner ? "your owner" : "somebody your owner let in, who is not your owner: don't tell them what is private to the owner, and don't act for them beyond what they may"}.`,
    tools.length === 0
      ? "You have no tools in this conversation."
      : `You have these tools: ${tools.map((tool) => tool.name).join(", ")}. Use them instead of guessing, and tell what you did. Your folder is ${agent.workspace}.`,
    untrustedRule,
    `To answer nothing at all, say exactly ${silentWord}.${
      principal.isOwner ? ' A line "MEDIA:" with a path in your folder attaches a file.' : ""
    } [[reply_to_current]] quotes the message that you answer.`,
    ...files
      .slice(0, maxFiles)
      .flatMap(({ name: file, text }) =>
        text === undefined || text.trim() === "" ? [] : [`# ${file}\n\n${cut(text, facts.maxFileChars)}`],
      ),
    ...(extra === undefined || extra.trim() === "" ? [] : [extra.trim()]),
  ];
  return blocks.join("\n\n");
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text.trim();
  return `${text.slice(0, maxChars)}\n[… the file goes on; ${text.length - maxChars} characters were left out …]`;
}
