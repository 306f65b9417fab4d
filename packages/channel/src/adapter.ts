import type { ChannelCapabilities, ChannelLimits } from "./capabilities.ts";
import type { InboundPort } from "./inbound.ts";
import type { Delivery, OutboundTarget, Receipt, Reconciliation } from "./outbound.ts";
import type { AccountPolicy } from "./policy.ts";

/** What a channel is, known without loading its library. */
export interface ChannelDescriptor {
  /** Lower case; the first word of its configuration, its files and its targets. */
  readonly id: string;
  /** Other words for it in targets, e.g. `tg`. */
  readonly aliases: readonly string[];
  readonly label: string;
  readonly detailLabel: string;
  /** The name of a symbol that apps show. */
  readonly systemImage: string;
  /** Position in lists. */
  readonly order: number;
  readonly capabilities: ChannelCapabilities;
  readonly limits: ChannelLimits;
}

/** A target that was read, or why it can't be one. */
export type ParsedTarget =
  | { readonly ok: true; readonly target: OutboundTarget }
  | { readonly ok: false; readonly reason: string };

/** One account as it is configured. Holds secrets: only its adapter looks into `settings`. */
export interface ChannelAccount {
  readonly id: string;
  readonly name: string | undefined;
  readonly enabled: boolean;
  /** Why it can't start, in words; absent when it can. */
  readonly notConfigured: string | undefined;
  readonly policy: AccountPolicy;
  /** The path of the gateway's own port at which its platform brings events; absent when it fetches them. */
  readonly webhookPath?: string;
  /** What must never stand in a log. A function, so that nobody shows them together with the rest. */
  readonly secrets?: () => readonly string[];
  /** What may be shown: token sources, modes, addresses. Never a secret. */
  readonly describe: Readonly<Record<string, unknown>>;
  /** Changes whenever the account has to be opened afresh; the same credentials give the same text. Not reversible. */
  readonly fingerprint: string;
  /** The adapter's own. */
  readonly settings: unknown;
}

/** How an account is, in the words of `channels.status`. */
export interface AccountStatus {
  /** Whether its adapter runs at all. */
  readonly running: boolean;
  /** Whether messages can come in: proven by the transport, never by whether anybody wrote. */
  readonly connected: boolean;
  /** `deaf`: the connection stands and nothing arrives over it. `logged-out`: its login has ended. */
  readonly health: "starting" | "connected" | "reconnecting" | "deaf" | "logged-out" | "stopped";
  readonly reconnectAttempts: number;
  readonly lastConnectedAtMs?: number;
  /** When the transport last gave a sign of life. */
  readonly lastTransportAtMs?: number;
  readonly lastError?: string;
  /** The step that mends it. */
  readonly fix?: string;
}

/** What an adapter may use besides the network. */
export interface AccountContext {
  readonly account: ChannelAccount;
  readonly inbound: InboundPort;
  /** Tells how the account is; what is left out stays. */
  readonly status: (change: Partial<AccountStatus>) => void;
  readonly clock: ChannelClock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: ChannelLogger;
}

/** Time as channels see it. */
export interface ChannelClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
}

/** Where an adapter tells what happens. Never with a secret, nor with what people wrote. */
export interface ChannelLogger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Who we are on a platform, as the platform itself says, and how long it took to ask. */
export interface Probe {
  readonly ok: boolean;
  readonly elapsedMs: number;
  readonly error?: string;
  /** Name, id, and what is set up there: for people. No secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A request that a webhook of a channel got. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** One account, open. */
export interface ChannelConnection {
  /**
   * Receives until the signal ends it, or until it can't go on. It reconnects by itself, with growing pauses.
   * Resolves when the old connection is closed on both sides, at most 15 s after the signal.
   * @throws {ChannelError} `auth` or `config` when only its owner can mend it.
   */
  run(signal: AbortSignal): Promise<void>;
  /**
   * What {@link ChannelConnection.reconcile} will need should nobody hear the answer of a delivery: kept on the disk
   * before the first attempt. Plain JSON, small. Absent where the platform can't be asked.
   */
  handleFor?(delivery: Delivery): unknown;
  /**
   * Sends. One at a time for each conversation.
   * @throws {ChannelError} whose kind says whether it was carried out.
   */
  send(delivery: Delivery, signal: AbortSignal): Promise<Receipt>;
  /** Finds out what became of a delivery. Asked only some seconds after the attempt, when nothing of it is under way. */
  reconcile?(delivery: Delivery, handle: unknown, signal: AbortSignal): Promise<Reconciliation>;
  /** Shows that we are at work, for as long as the platform does. Best effort: a failure is for the log. */
  typing?(target: OutboundTarget, signal: AbortSignal): Promise<void>;
  /** Tells the platform that a message was read. Best effort. */
  markRead?(target: OutboundTarget, messageId: string, signal: AbortSignal): Promise<void>;
  /** Fetches a file of a message that was let in. @throws {ChannelError} `refused` when it is larger than `maxBytes`. */
  fetchMedia?(
    ref: unknown,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly mimeType: string | undefined }>;
  /** Asks the platform who we are. */
  probe(signal: AbortSignal): Promise<Probe>;
  /** Shows these commands in the platform's menu. Called when they are others than last time. */
  setCommandMenu?(
    commands: readonly { readonly name: string; readonly description: string }[],
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Whether a request to the webhook comes from the platform, by its headers alone: the body of one that doesn't isn't even read.
   * @returns the status to refuse it with; undefined when its body is wanted
   */
  refuseWebhook?(headers: WebhookRequest["headers"]): { readonly status: number; readonly body?: string } | undefined;
  /** Takes what a webhook got. Answers when it is on the disk, with the status to reply. Verifies who sent it. */
  receiveWebhook?(request: WebhookRequest): Promise<{ readonly status: number; readonly body?: string }>;
}

/** A channel, as its package exports it: `adapter`. Everything but `open` is pure and loads nothing. */
export interface ChannelAdapter {
  readonly descriptor: ChannelDescriptor;
  /**
   * The accounts of its section of the configuration, which was checked. The default account comes first.
   * @param section `channels.<id>`, or undefined when there is none
   * @param env for tokens that are given by environment
   */
  accounts(section: unknown, env: Readonly<Record<string, string | undefined>>): readonly ChannelAccount[];
  /** Reads a target as people write it. */
  parseTarget(text: string): ParsedTarget;
  /** Says Markdown the way the platform will show it; for tests, previews and lengths. */
  render(markdown: string): string;
  /** Opens an account: loads the library, connects nothing yet. */
  open(context: AccountContext): Promise<ChannelConnection>;
}
