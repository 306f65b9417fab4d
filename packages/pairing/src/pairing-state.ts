import { type Rows, without } from "./rows.ts";

/** A request that waits for the owner, as far as the two files of a pairing need to know it. */
export interface PendingRow {
  readonly requestId: string;
  /**
   * Set from the moment in which the request is approved until its result stands in the paired file. This one write
   * decides between approve and reject; whoever finds the mark after a crash carries the approval out.
   */
  readonly approval?: object;
}

/** Who waits, and who was let in: one file each. */
export interface PairingState<Pending extends PendingRow, Paired> {
  readonly pending: Rows<Pending>;
  readonly paired: Rows<Paired>;
}

/** What the deciding write of an approval puts on its request. */
export interface ApprovalMark<Pending extends PendingRow> {
  readonly requestId: string;
  readonly approval: Exclude<Pending["approval"], undefined>;
}

/** What an approval means for one kind of pairing. */
export interface ApprovalRules<Pending extends PendingRow, Paired, Outcome> {
  /** The paired rows with a marked request carried out; the same object when it was before. */
  carryOut(paired: Rows<Paired>, request: Pending): Rows<Paired>;
  /** The mark that an outcome puts on its request; `undefined` unless it approves one. */
  markOf(outcome: Outcome): ApprovalMark<Pending> | undefined;
}

// An approval changes two files. The one write that decides it marks the request as approved in the pending file;
// approve and reject of two processes meet there, and one of them finds that the other was first. After that the result
// is put into the paired file, and then the request goes. Whoever finds a mark (a crash came between) does what is left.

/** The requests that are marked as approved. */
export function markedIn<Pending extends PendingRow>(pending: Rows<Pending>): Pending[] {
  return Object.values(pending).filter(({ approval }) => approval !== undefined);
}

/** What the two files mean together: approved requests are carried out, and gone. */
export function settled<Pending extends PendingRow, Paired>(
  state: PairingState<Pending, Paired>,
  rules: Pick<ApprovalRules<Pending, Paired, never>, "carryOut">,
): PairingState<Pending, Paired> {
  const marked = markedIn(state.pending);
  if (marked.length === 0) return state;
  return {
    paired: marked.reduce((paired, request) => rules.carryOut(paired, request), state.paired),
    pending: without(
      state.pending,
      marked.map(({ requestId }) => requestId),
    ),
  };
}
