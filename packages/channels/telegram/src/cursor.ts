import { type CarriedIds, readCarriedIds } from "./message-ids.ts";
import { fieldsIn, integerIn } from "./reading.ts";

/** Where to go on after a restart. */
export interface Cursor {
  /** The update to ask for next; undefined: whatever waits. */
  readonly offset: number | undefined;
  /** When the last update came, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The message ids that are known, by where they are counted. */
  readonly messageIds: Readonly<Record<string, CarriedIds>>;
}

/**
 * After a week without updates Telegram begins to count anew, anywhere; an old offset could then pass over what waits. A
 * day before that we ask without one: nothing that was confirmed comes again, because Telegram keeps updates for 24 hours only.
 * Source: core.telegram.org/bots/api#update.
 */
const offsetLivesMs = 6 * 24 * 3_600_000;

/** Reads a cursor; one that isn't ours is none. */
export function decodeCursor(text: string | undefined): Cursor {
  let fields: ReturnType<typeof fieldsIn>;
  try {
    fields = fieldsIn(JSON.parse(text ?? "{}"));
  } catch {
    fields = undefined; // a bare number, or what another version wrote: updates come again and are known by their ids
  }
  const ids = Object.entries(fieldsIn(fields?.["messageIds"]) ?? {}).flatMap(([scope, value]) => {
    const carried = readCarriedIds(value);
    return carried === undefined ? [] : [[scope, carried] as const];
  });
  return {
    offset: integerIn(fields?.["offset"]),
    atMs: integerIn(fields?.["atMs"]) ?? 0,
    messageIds: Object.fromEntries(ids),
  };
}

export function encodeCursor(cursor: Cursor): string {
  return JSON.stringify(cursor);
}

/** The offset to poll with. Pure. */
export function offsetToAsk({ offset, atMs }: Pick<Cursor, "offset" | "atMs">, nowMs: number): number | undefined {
  return nowMs - atMs > offsetLivesMs ? undefined : offset;
}
