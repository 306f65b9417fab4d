import type { ClientClock } from "@saltgate/client";

/** What a look around found. */
export type WakeSign = "slept" | "network";

/** How often to look, in milliseconds. */
const LOOK_MS = 10_000;
/** A look that comes this much later than it should have was kept up by a machine that slept, in milliseconds. */
const LATE_MS = 5_000;

/** Decides what two looks say. Pure. */
export function wakeSign(
  before: { readonly atMs: number; readonly network: string },
  now: { readonly atMs: number; readonly network: string },
): WakeSign | undefined {
  // A clock that was set back says nothing: nobody slept into the past.
  if (now.atMs - before.atMs > LOOK_MS + LATE_MS) return "slept";
  return now.network === before.network ? undefined : "network";
}

/** Looks for what no socket tells: that the machine has slept, or that its network is another one. */
export function watchForWaking(
  clock: ClientClock,
  networkOf: () => string,
  onSign: (sign: WakeSign) => void,
): () => void {
  let before = { atMs: clock.now(), network: networkOf() };
  let cancel = (): void => {};
  const look = (): void => {
    const now = { atMs: clock.now(), network: networkOf() };
    const sign = wakeSign(before, now);
    before = now;
    if (sign !== undefined) onSign(sign);
    cancel = clock.after(LOOK_MS, look);
  };
  cancel = clock.after(LOOK_MS, look);
  return () => cancel();
}
