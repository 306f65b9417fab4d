import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tool, ToolContext, ToolOutcome } from "../../src/index.ts";

/** A temporary folder with a workspace in it; both go when it does. */
export class Workspace implements AsyncDisposable {
  /** What isn't the workspace's. */
  readonly outside: string;
  readonly path: string;

  private constructor(outside: string) {
    this.outside = outside;
    this.path = join(outside, "workspace");
  }

  static async make(): Promise<Workspace> {
    const { mkdir } = await import("node:fs/promises");
    const made = new Workspace(await realpath(await mkdtemp(join(tmpdir(), "saltgate-tools-"))));
    await mkdir(made.path);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.outside, { recursive: true, force: true });
  }
}

export function contextOf(more: Partial<ToolContext> = {}): ToolContext {
  return {
    runId: "run-1",
    toolCallId: "call-1",
    sessionKey: "agent:main:main",
    agentId: "main",
    workspace: "/nowhere",
    principal: { isOwner: true, channel: "webchat", accountId: undefined, senderId: undefined, deviceId: undefined },
    reply: undefined,
    signal: new AbortController().signal,
    progress: () => {},
    ...more,
  };
}

/** Somebody whom the owner lets write, and who isn't the owner. */
export const guest: ToolContext["principal"] = {
  isOwner: false,
  channel: "telegram",
  accountId: "default",
  senderId: "7",
  deviceId: undefined,
};

export function named(tools: readonly Tool[], name: string): Tool {
  const found = tools.find(({ description }) => description.name === name);
  if (found === undefined) throw new Error(`no tool ${name}`);
  return found;
}

export function textOf({ content }: ToolOutcome): string {
  return content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("\n");
}
