/** Most scopes whose ids are remembered. */
const maxScopes = 256;
/** Most ids that are remembered of one scope. */
const maxIdsPerScope = 2_048;
/** Most scopes that a cursor carries over a restart. */
const maxCarriedScopes = 32;

type Whose = "ours" | "theirs" | "somebody's";

interface Scope {
  highest: number;
  readonly known: Map<number, Whose>;
}

/**
 * Where a chat's messages get their numbers from: supergroups and channels count for themselves, private chats and basic groups of one
 * bot count together. Source: core.telegram.org/api/peers, and what the servers do.
 */
function scopeOf(conversationId: string): string {
  const number = Number(conversationId);
  return conversationId.startsWith("@") || number <= -1_000_000_000_000 ? conversationId : "account";
}

/** Which message ids have been seen, and whose they are. Bounded; kept in memory alone. */
export class MessageIds {
  readonly #scopes = new Map<string, Scope>();
  /** Ids of chats that were addressed by name. */
  readonly #idOfName = new Map<string, string>();

  /** A message with this id exists. */
  note(conversationId: string, messageId: number, whose: Whose): void {
    const scope = this.#touch(this.#nameless(conversationId));
    scope.highest = Math.max(scope.highest, messageId);
    if (whose === "somebody's" && scope.known.has(messageId)) return;
    scope.known.delete(messageId);
    scope.known.set(messageId, whose);
    if (scope.known.size > maxIdsPerScope) scope.known.delete(scope.known.keys().next().value ?? 0);
  }

  /** A chat that was addressed by name has this id. */
  noteName(name: string, conversationId: string): void {
    if (!name.startsWith("@")) return;
    this.#idOfName.set(name.toLowerCase(), conversationId);
    if (this.#idOfName.size > maxScopes) this.#idOfName.delete(this.#idOfName.keys().next().value ?? "");
  }

  /** Whether we are known to have sent it. */
  isOurs(conversationId: string, messageId: number): boolean {
    return this.#look(conversationId)?.known.get(messageId) === "ours";
  }

  /** Whether it is known to be a message, whoever sent it. */
  isKnown(conversationId: string, messageId: number): boolean {
    const whose = this.#look(conversationId)?.known.get(messageId);
    return whose === "ours" || whose === "theirs";
  }

  /** The highest id that is known where this chat gets its numbers from. */
  highest(conversationId: string): number | undefined {
    return this.#look(conversationId)?.highest;
  }

  /** The highest ids, those used last first, to go on with after a restart. */
  carried(): Readonly<Record<string, number>> {
    const scopes = [...this.#scopes].toReversed().slice(0, maxCarriedScopes);
    return Object.fromEntries(scopes.map(([scope, { highest }]) => [scope, highest]));
  }

  /** Takes over what {@link MessageIds.carried} gave before a restart. */
  carry(highest: Readonly<Record<string, number>>): void {
    for (const [scope, id] of Object.entries(highest).toReversed()) {
      const touched = this.#touch(scope);
      touched.highest = Math.max(touched.highest, id);
    }
  }

  #nameless(conversationId: string): string {
    return scopeOf(this.#idOfName.get(conversationId.toLowerCase()) ?? conversationId);
  }

  #look(conversationId: string): Scope | undefined {
    return this.#scopes.get(this.#nameless(conversationId));
  }

  #touch(key: string): Scope {
    const scope = this.#scopes.get(key) ?? { highest: 0, known: new Map() };
    this.#scopes.delete(key);
    this.#scopes.set(key, scope);
    if (this.#scopes.size > maxScopes) this.#scopes.delete(this.#scopes.keys().next().value ?? "");
    return scope;
  }
}
