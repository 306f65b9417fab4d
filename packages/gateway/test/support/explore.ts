/** One way to walk through everything that can happen to a machine whose decisions are a pure function. */
export interface Exploration<State, Event> {
  readonly initial: State;
  /** Everything that may happen next. */
  readonly events: (state: State) => readonly Event[];
  /** What happens then. It may throw to say that a rule was broken. */
  readonly step: (state: State, event: Event) => State;
  /** Two states of the same key are one. */
  readonly keyOf: (state: State) => string;
  readonly maxStates: number;
}

/**
 * Visits every state that can be reached, each once.
 * @returns how many there are
 * @throws what `step` throws, with the way that led there
 */
export function explore<State, Event>(exploration: Exploration<State, Event>): number {
  const { initial, events, step, keyOf, maxStates } = exploration;
  const seen = new Map<string, readonly Event[]>([[keyOf(initial), []]]);
  const queue: State[] = [initial];
  for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
    const way = seen.get(keyOf(state)) ?? [];
    for (const event of events(state)) {
      let next: State;
      try {
        next = step(state, event);
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        throw new Error(`${words}, after ${JSON.stringify([...way, event])}`, { cause: error });
      }
      const key = keyOf(next);
      if (seen.has(key)) continue;
      seen.set(key, [...way, event]);
      queue.push(next);
      if (seen.size > maxStates) throw new Error(`more than ${maxStates} states`);
    }
  }
  return seen.size;
}
