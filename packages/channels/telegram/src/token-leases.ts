import { type ChannelClock, ChannelError } from "@saltgate/channel";
import { pause } from "./pause.ts";
import { digestOf } from "./token-digest.ts";

/** Longest time to wait for whoever used the token before, in milliseconds: as long as stopping may take. */
const maxWaitMs = 15_000;

// Of the process and not of an account: two polls with one token end each other, whoever began them. Only digests are kept.
const leases = new Map<string, Promise<void>>();

/**
 * Takes a token for oneself. Waits until whoever had it in this process has let go.
 * @returns lets go; undefined when the signal came first
 * @throws {ChannelError} `config` when it isn't let go in time: then two accounts have one token
 */
export async function leaseToken(
  token: string,
  clock: ChannelClock,
  signal: AbortSignal,
): Promise<(() => void) | undefined> {
  const key = digestOf(token);
  const giveUp = new AbortController();
  const waited = pause(clock, maxWaitMs, AbortSignal.any([signal, giveUp.signal])).then(() => "late" as const);
  for (let holder = leases.get(key); holder !== undefined; holder = leases.get(key)) {
    const first = await Promise.race([holder, waited]);
    if (signal.aborted) return undefined;
    if (first === "late") {
      throw new ChannelError("config", "Another account of this gateway uses the same bot token.", {
        fix: "Give each account under channels.telegram.accounts a bot of its own.",
      });
    }
  }
  giveUp.abort();
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  leases.set(key, promise);
  return () => {
    if (leases.get(key) === promise) leases.delete(key);
    resolve();
  };
}
