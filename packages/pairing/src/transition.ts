/** The state after an event, and what the event came to. The state is the same object when nothing changed. */
export interface Transition<State, Outcome> {
  readonly state: State;
  readonly outcome: Outcome;
}
