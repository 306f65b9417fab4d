import type { SenderRequest } from "./records.ts";

/** An unknown sender has written. */
export interface UpsertSenderEvent {
  readonly type: "upsert";
  /** Normalised. */
  readonly id: string;
  /** What it calls itself; replaces what was known. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** A fresh code, used if a request is created. */
  readonly freshCode: string;
}

/** Somebody wants to see who waits. */
export interface ListSendersEvent {
  readonly type: "list";
}

/** The owner lets the sender in that was told this code. */
export interface ApproveSenderEvent {
  readonly type: "approve";
  readonly code: string;
}

/** The owner lets somebody in without a code, or shuts somebody out. */
export interface ChangeAllowedEvent {
  readonly type: "allow" | "disallow";
  /** Normalised. */
  readonly id: string;
}

export type SenderPairingEvent = ApproveSenderEvent | ChangeAllowedEvent | ListSendersEvent | UpsertSenderEvent;

export interface SenderRequested {
  readonly type: "requested";
  readonly request: SenderRequest;
  /** Whether it is new: the sender is to be told its code, this once. */
  readonly created: boolean;
}

/** Nothing was changed. `full`: as many wait as may. `nobody`: the id is none. `code-taken`: come with another code. */
export interface SenderIgnored {
  readonly type: "ignored";
  readonly reason: "full" | "nobody" | "code-taken";
}

export interface SenderApproved {
  readonly type: "approved";
  readonly id: string;
  readonly request: SenderRequest;
}

/** What each event can come to. */
export interface SenderPairingOutcomes {
  readonly allow: AllowedChange;
  readonly approve: SenderApproved | { readonly type: "unknown-code" };
  readonly disallow: AllowedChange;
  readonly list: { readonly type: "listed"; readonly requests: readonly SenderRequest[] };
  readonly upsert: SenderRequested | SenderIgnored;
}

export interface AllowedChange {
  readonly type: "allowed";
  readonly changed: boolean;
  readonly allowFrom: readonly string[];
}
