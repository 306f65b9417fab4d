import { fieldsIn, integerIn, listIn } from "./reading.ts";

/** Most scopes whose ids are remembered. */
const maxScopes = 256;
/** Most ids that are remembered of one scope. */
const maxIdsPerScope = 2_048;
/** Most scopes that a cursor carries over a restart. */
const maxCarriedScopes = 32;
/** Most ids of a scope that a cursor carries, and most ranges that they are written as. */
const maxCarriedIds = maxIdsPerScope;
const maxCarriedRanges = 16;

/** What is carried over a restart of one scope: its highest id, and the newest that are known, as ranges with both ends. */
export interface CarriedIds {
  readonly highest: number;
  readonly known: readonly (readonly [number, number])[];
}

type Whose = "ours" | "theirs" | "somebody's";

interface Scope {
  highest: number;
  readonly known: Map<number, Whose>;
  /** What a cursor would carry of it, until something changes. */
  carried: CarriedIds | undefined;
}

/**
 * Where a chat's messages get their numbers from: supergroups and channels count for themselves, private chats and basic groups of one
 * bot count together. Source: core.telegram.org/api/peers, and what the servers do.
 */
function scopeOf(conversationId: string): string {
  const number = Number(conversationId);
  return conversationId.startsWith("@") || number <= -1_000_000_000_000 ? conversationId : "account";
}

/** Which message ids have been seen, and whose they are. Bounded; of the newest, a cursor carries that they are known. */
export class MessageIds {
  readonly #scopes = new Map<string, Scope>();
  /** Ids of chats that were addressed by name. */
  readonly #idOfName = new Map<string, string>();

  /** A message with this id exists. */
  note(conversationId: string, messageId: number, whose: Whose): void {
    const scope = this.#touch(this.#nameless(conversationId));
    scope.highest = Math.max(scope.highest, messageId);
    scope.carried = undefined;
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

  /** What to go on with after a restart, of the scopes used last. */
  carried(): Readonly<Record<string, CarriedIds>> {
    const scopes = [...this.#scopes].toReversed().slice(0, maxCarriedScopes);
    for (const [, scope] of scopes) scope.carried ??= carriedOf(scope);
    return Object.fromEntries(scopes.flatMap(([key, { carried }]) => (carried === undefined ? [] : [[key, carried]])));
  }

  /** Takes over what {@link MessageIds.carried} gave before a restart. Whose they are isn't carried. */
  carry(carried: Readonly<Record<string, CarriedIds>>): void {
    for (const [key, { highest, known }] of Object.entries(carried).toReversed()) {
      const scope = this.#touch(key);
      scope.highest = Math.max(scope.highest, highest);
      scope.carried = undefined;
      for (const [from, to] of known) {
        for (let id = from; id <= to; id += 1) if (!scope.known.has(id)) scope.known.set(id, "theirs");
      }
    }
  }

  #nameless(conversationId: string): string {
    return scopeOf(this.#idOfName.get(conversationId.toLowerCase()) ?? conversationId);
  }

  #look(conversationId: string): Scope | undefined {
    return this.#scopes.get(this.#nameless(conversationId));
  }

  #touch(key: string): Scope {
    const scope = this.#scopes.get(key) ?? { highest: 0, known: new Map(), carried: undefined };
    this.#scopes.delete(key);
    this.#scopes.set(key, scope);
    if (this.#scopes.size > maxScopes) this.#scopes.delete(this.#scopes.keys().next().value ?? "");
    return scope;
  }
}

function carriedOf({ highest, known }: Scope): CarriedIds {
  const ids = [...known].filter(([, whose]) => whose !== "somebody's").map(([id]) => id);
  const ranges: [number, number][] = [];
  for (const id of ids.slice(-maxCarriedIds).toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return { highest, known: ranges.slice(-maxCarriedRanges) };
}

/** Reads what was carried of one scope; undefined for what isn't it. An earlier version carried the highest id alone. */
export function readCarriedIds(value: unknown): CarriedIds | undefined {
  if (Number.isSafeInteger(value)) return { highest: value as number, known: [] };
  const fields = fieldsIn(value);
  const highest = integerIn(fields?.["highest"]);
  if (highest === undefined) return undefined;
  const ranges = listIn(fields?.["known"]).slice(0, maxCarriedRanges);
  const known = ranges.flatMap((range): [number, number][] => {
    const [from, to] = listIn(range).map(integerIn);
    return from !== undefined && to !== undefined && to - from < maxCarriedIds ? [[from, to]] : [];
  });
  return { highest, known };
}
