/** One thing that Saltgate promises, and where the promise stands. */
export interface Requirement {
  /** What tests cite at the start of their titles: a rule of docs/security.md, or `family:what`. */
  readonly id: string;
  /** The document that says so, as a path in this repository, with the rule where there is one. */
  readonly source: string;
  /** What holds, as a sentence that is true or false. */
  readonly behaviour: string;
}
