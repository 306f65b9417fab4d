import type { PayloadOf, PendingApproval, ResultOf } from "@saltgate/protocol";
import { type DocumentShape, type StateDocument, updateDocument } from "@saltgate/store";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { RequestError } from "../dispatch/outcome.ts";
import { type Approval, type Approvals, phaseOf } from "./approval-records.ts";
import { type ApprovalEvent, type ApprovalOutcome, execApprovals } from "./exec-approvals.ts";

/** The shape of `exec/approvals`, to open the document of a store with. */
export const approvalsDocumentShape: DocumentShape<Approvals> = {
  parse: (json) =>
    z
      .record(
        z.string(),
        z.looseObject({
          id: z.string().min(1),
          subject: z.looseObject({ command: z.string().min(1) }),
          plan: z.looseObject({ argv: z.array(z.string()), envDigest: z.string() }).optional(),
          askedBy: z.looseObject({ connId: z.string(), deviceId: z.string().optional() }),
          createdAtMs: z.int(),
          expiresAtMs: z.int(),
          decision: z.enum(["allow-once", "allow-always", "deny"]).optional(),
          decidedAtMs: z.int().optional(),
          usedAtMs: z.int().optional(),
        }),
      )
      .parse(json) as unknown as Approvals,
  empty: () => ({}),
};

/** What a desk needs. */
export interface ApprovalDeskOptions {
  readonly document: StateDocument<Approvals>;
  readonly clock: Clock;
  /** Tells operators that may see it. */
  readonly publish: {
    requested(approval: PendingApproval): void;
    resolved(payload: PayloadOf<"exec.approval.resolved">): void;
  };
}

type Ending = ResultOf<"exec.approval.waitDecision">;

interface Waiter {
  readonly resolve: (ending: Ending) => void;
  readonly reject: (error: RequestError) => void;
}

/**
 * Questions to owners, kept in a document: they survive a restart, are shown once, and everybody who was shown one hears
 * how it ended. Who waits for an answer waits here; when the gateway stops he is told to ask again.
 */
export class ApprovalDesk {
  readonly #options: ApprovalDeskOptions;
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #timers = new Map<string, () => void>();
  #approvals: Approvals = {};
  #isClosed = false;

  constructor(options: ApprovalDeskOptions) {
    this.#options = options;
  }

  /** Takes up the questions that waited when the gateway stopped. @throws {StoreError} when they can't be read */
  async open(): Promise<void> {
    this.#approvals = (await this.#options.document.read()).value;
    for (const approval of this.waiting()) this.#watch(approval);
  }

  /** Questions that wait, the oldest first. */
  waiting(): Approval[] {
    const now = this.#options.clock.now();
    return Object.values(this.#approvals)
      .filter((approval) => phaseOf(approval, now) === "waiting")
      .sort((left, right) => left.createdAtMs - right.createdAtMs);
  }

  /** Decides an event on what is on disk, writes it, and tells everybody. @throws {StoreError} nothing was changed */
  async change(event: ApprovalEvent): Promise<ApprovalOutcome> {
    const { clock, document, publish } = this.#options;
    const nowMs = clock.now();
    const { approvals, outcome } = await updateDocument(document, (current) => {
      const step = execApprovals(current, event, nowMs);
      return { next: step.approvals === current ? undefined : step.approvals, result: step };
    });
    this.#approvals = approvals;
    if (outcome.type === "asked") {
      this.#watch(outcome.approval);
      publish.requested(pendingApprovalOf(outcome.approval));
    }
    if (outcome.type === "answered") {
      const { id, decision, decidedBy } = outcome.approval;
      publish.resolved({
        id,
        decision,
        ...(decidedBy !== undefined && { resolvedBy: decidedBy }),
        reason: "answered",
        ts: nowMs,
      });
      this.#end(outcome.approval);
    }
    return outcome;
  }

  /**
   * Waits for the end of a question.
   * @throws {RequestError} `APPROVAL_NOT_FOUND` for one that nobody asked, `RESTARTING` when the gateway stops first
   */
  decisionOf(id: string): Promise<Ending> {
    const approval = Object.hasOwn(this.#approvals, id) ? this.#approvals[id] : undefined;
    if (approval === undefined) throw unknownApproval();
    if (phaseOf(approval, this.#options.clock.now()) !== "waiting") return Promise.resolve(endingOf(approval));
    if (this.#isClosed) throw restarting();
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(id) ?? new Set<Waiter>();
      waiters.add({ resolve, reject });
      this.#waiters.set(id, waiters);
    });
  }

  /** Sends those who wait away: the questions stay, and can be waited for again. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    const waiters = [...this.#waiters.values()].flatMap((set) => [...set]);
    this.#waiters.clear();
    for (const { reject } of waiters) reject(restarting());
  }

  #watch(approval: Approval): void {
    const { clock, publish } = this.#options;
    const cancel = clock.after(approval.expiresAtMs - clock.now(), () => {
      publish.resolved({ id: approval.id, decision: "deny", reason: "timeout", ts: clock.now() });
      this.#end(approval);
    });
    this.#timers.set(approval.id, cancel);
  }

  #end(approval: Approval): void {
    this.#timers.get(approval.id)?.();
    this.#timers.delete(approval.id);
    const waiters = this.#waiters.get(approval.id) ?? [];
    this.#waiters.delete(approval.id);
    for (const { resolve } of waiters) resolve(endingOf(approval));
  }
}

/** A question as those who may answer it are shown it. */
export function pendingApprovalOf({ id, subject, createdAtMs, expiresAtMs }: Approval): PendingApproval {
  return { id, request: subject, createdAtMs, expiresAtMs };
}

function endingOf({ id, decision, createdAtMs, expiresAtMs }: Approval): Ending {
  return { id, decision: decision ?? null, createdAtMs, expiresAtMs };
}

/** The refusal of an id that nothing waits under. */
export function unknownApproval(): RequestError {
  return new RequestError("APPROVAL_NOT_FOUND", "unknown approval id: it may have expired, or been answered already");
}

function restarting(): RequestError {
  return new RequestError(
    "RESTARTING",
    "the gateway is about to stop; the question stays, wait for it again with exec.approval.waitDecision",
    { retryAfterMs: 1_500 },
  );
}
