import type { ReplyRoute, RunPrincipal } from "./tool.ts";
import type { MessagePart, TranscriptMessage, Usage } from "./transcript.ts";

/** What happens to a turn when its session is busy. */
export type QueueMode = "steer" | "followup" | "collect" | "interrupt";

/** Something said in a session, to be answered by its agent. Plain JSON: it is on the disk before it is acknowledged. */
export interface TurnRequest {
  /** Unique among all turns; the run's id. A turn of an id that is known changes nothing. */
  readonly runId: string;
  /** Complete and lower case: `agent:<agent>:...`. */
  readonly sessionKey: string;
  readonly agentId: string;
  /** What the agent is told: text first, then images. */
  readonly content: readonly MessagePart[];
  /** The words as they were said, without what surrounds them for the agent: for commands, titles, history. */
  readonly plainText: string;
  readonly principal: RunPrincipal;
  /** Where the answer is delivered; absent: only clients see it. */
  readonly reply?: ReplyRoute;
  /** What the session learns about where it is, e.g. the title of a group. */
  readonly origin?: SessionOrigin;
  readonly options?: TurnOptions;
}

/** How a turn is to be run, where it differs from its session. */
export interface TurnOptions {
  readonly model?: string;
  readonly thinking?: string;
  /** Of the whole run, in milliseconds. */
  readonly timeoutMs?: number;
  readonly queueMode?: QueueMode;
  readonly extraSystem?: string;
  /** The key of the session that asked for this one. */
  readonly spawnedBy?: string;
  /** Tools of this group or channel, besides the agent's own policy. */
  readonly tools?: {
    readonly allow?: readonly string[];
    readonly alsoAllow?: readonly string[];
    readonly deny?: readonly string[];
  };
}

/** Where a session is, for people and lists. */
export interface SessionOrigin {
  readonly channel: string;
  readonly accountId?: string;
  readonly chatType: "direct" | "group" | "channel";
  /** The group's name, or the person's. */
  readonly label?: string;
  readonly to?: string;
  readonly threadId?: string;
}

/** How a run ended. */
export type RunEnding =
  | { readonly state: "final"; readonly usage?: Usage }
  | { readonly state: "aborted"; readonly stopReason: "rpc" | "stop" | "timeout" | "restart" }
  | {
      readonly state: "error";
      readonly errorMessage: string;
      readonly errorKind: "refusal" | "timeout" | "rate_limit" | "context_length" | "unknown";
      /** The message says nothing of the house: whoever asked may read it, not its owner alone. */
      readonly isForEverybody?: true;
    };

/** What a run tells while it goes on, and how it ends. `seq` counts from 1 within the run, without gaps. */
export type RunEvent = {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly seq: number;
  readonly atMs: number;
} & (
  | {
      readonly type: "started";
      readonly startedAtMs: number;
      /** Where its answer is delivered besides the transcript. */
      readonly reply?: ReplyRoute;
      /** Its session wants to see what tools are called with, and what they answer. */
      readonly showsTools?: true;
    }
  /** `delta` is new; `text` is everything that the run's visible answer is so far. With `replace`, `delta` is all of it. */
  | { readonly type: "text"; readonly delta: string; readonly text: string; readonly replace: boolean }
  | {
      readonly type: "tool";
      readonly phase: "start";
      readonly toolCallId: string;
      readonly name: string;
      readonly args: unknown;
    }
  | {
      readonly type: "tool";
      readonly phase: "update";
      readonly toolCallId: string;
      readonly name: string;
      readonly partial: string;
    }
  | {
      readonly type: "tool";
      readonly phase: "result";
      readonly toolCallId: string;
      readonly name: string;
      readonly isError: boolean;
      readonly result: unknown;
    }
  | { readonly type: "compaction"; readonly phase: "start" | "end" }
  | {
      readonly type: "ended";
      readonly ending: RunEnding;
      readonly startedAtMs: number;
      /** What was said, as it stands in the transcript; absent when nothing was. */
      readonly message?: TranscriptMessage;
    }
);

/** What a run has to say to its conversation, at its end. */
export interface RunReply {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  /** On whose behalf it ran. */
  readonly principal: RunPrincipal;
  readonly route: ReplyRoute;
  readonly ending: RunEnding["state"];
  /** Markdown; what the model said, without reply tags and what is not for people. Empty: nothing is sent. */
  readonly text: string;
  /** Files that it attached: paths in its workspace, and addresses. Not checked yet. */
  readonly media: readonly string[];
  /** Of the message that it chose to answer, by a tag; absent: the route's own. */
  readonly replyToId?: string;
  readonly asVoice?: boolean;
}
