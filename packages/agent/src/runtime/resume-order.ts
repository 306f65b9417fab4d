/** How long after the one before it a run is begun again that was cut off twice, in milliseconds; twice as long each time more. */
const firstDelayMs = 1_000;
/** The longest that any of them waits, in milliseconds. */
const maxDelayMs = 60_000;

/**
 * In which order, and how long after a start, runs are taken up that earlier ends of the process have cut off. Pure. One end is
 * nobody's fault, and waits for nothing. A run that was there several times may be what ends the process: such runs come one
 * after another, the least suspected first, so that those that were merely there are answered, and so is who writes meanwhile.
 * @param attemptsOf how often it was begun
 */
export function spacedOut<T>(
  items: readonly T[],
  attemptsOf: (item: T) => number,
): readonly { readonly item: T; readonly delayMs: number }[] {
  let delayMs = 0;
  return items
    .toSorted((a, b) => Math.max(1, attemptsOf(a)) - Math.max(1, attemptsOf(b)))
    .map((item) => {
      const attempts = attemptsOf(item);
      if (attempts > 1) delayMs = Math.min(maxDelayMs, delayMs + firstDelayMs * 2 ** Math.min(10, attempts - 2));
      return { item, delayMs };
    });
}
