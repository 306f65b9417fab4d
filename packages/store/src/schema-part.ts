/** Tables that one package owns in a database that several share. */
export interface SchemaPart {
  /** Whose tables they are, e.g. `outbox`; tables carry it as a prefix. */
  readonly name: string;
  /** Statements that lead from each version to the next, the first one from nothing. Only ever appended to. */
  readonly versions: readonly string[];
}
