/** One entry of an allowlist. */
export interface AllowlistEntry {
  /** Empty where a person wrote the entry by hand and nothing has given it an id yet. */
  readonly id: string;
  /** A path pattern; see `compilePattern`. */
  readonly pattern: string;
  /** Whose list it stands in: an agent id, or `*`. */
  readonly agentId: string;
}
