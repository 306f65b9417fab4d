import { expect, test } from "vitest";
import {
  normalizeSenderId,
  type SenderPairingEvent,
  type SenderPairingState,
  senderPairing,
} from "../../../pairing/src/index.ts";
import { type Reducer, walk } from "../../../pairing/test/sender/walk.ts";
import { normalise } from "../src/inbound/normalise.ts";

interface Person {
  readonly id: number;
  /** How they are called; they change it as they like, and some call themselves what others are. */
  readonly names: readonly { readonly first_name: string; readonly username?: string }[];
}

const people: Readonly<Record<string, Person>> = {
  ann: { id: 1001, names: [{ first_name: "Ann", username: "ann" }, { first_name: "1002" }] },
  bob: {
    id: 1002,
    names: [
      { first_name: "Ann", username: "ann" },
      { first_name: "telegram:1001", username: "1001" },
      { first_name: "*", username: "tg_1001" },
    ],
  },
  x: { id: 10_010, names: [{ first_name: "1001" }] },
  y: { id: 100_110, names: [{ first_name: "  1002 ", username: "bob" }] },
};

const context = {
  bot: { id: 99, username: "helper_bot", name: "Helper" },
  isOurs: () => false,
  backlogBeforeMs: 0,
};
const chatOf = (id: number) => ({ id, type: "private" });

/** What a person does, as Telegram tells it. */
const doings: readonly ((person: object, id: number) => object)[] = [
  (from, id) => ({ message: { message_id: 5, date: 1, chat: chatOf(id), from, text: "let me in" } }),
  (from, id) => ({ edited_message: { message_id: 5, date: 1, edit_date: 2, chat: chatOf(id), from, text: "please" } }),
  (from, id) => ({
    callback_query: { id: "9", from, data: "/status", message: { message_id: 6, date: 1, chat: chatOf(id) } },
  }),
];

/** How owners write somebody down. */
const spellings = ["", "tg:", " telegram:", "TG: ", "telegram:tg:"];

let turn = 0;
const next = <T>(choices: readonly T[]): T => {
  turn += 1;
  return choices[turn % choices.length] as T;
};

/** Who does something, as the adapter reads it. */
function senderId(person: Person): string {
  const from = { id: person.id, is_bot: false, ...next(person.names) };
  const { aside, events } = normalise([{ update_id: 1, ...next(doings)(from, person.id) }], context, 10_000);
  expect(aside).toEqual([]);
  return normalizeSenderId("telegram", events[0]?.sender.id ?? "nobody");
}

/** What an owner wrote, as it is stored. */
function writtenId(name: string): string {
  const person = people[name];
  return normalizeSenderId("telegram", `${next(spellings)}${person === undefined ? name : person.id}`);
}

const named = (id: string): string =>
  Object.entries(people).find(([, person]) => String(person.id) === id)?.[0] ?? `somebody else (${id})`;
const stored = (name: string): string => String(people[name]?.id ?? name);

/** A state with its ids changed. */
function withIds(state: SenderPairingState, change: (id: string) => string): SenderPairingState {
  return {
    requests: state.requests.map((row) => ({ ...row, id: change(row.id) })),
    allowFrom: state.allowFrom.map(change),
  };
}

function withStoredId(event: SenderPairingEvent): SenderPairingEvent {
  switch (event.type) {
    case "upsert": {
      const person = people[event.id];
      // Nobody in particular can't come from Telegram: an update without a person has an empty id.
      return { ...event, id: person === undefined ? event.id : senderId(person) };
    }
    case "allow":
    case "disallow":
      return { ...event, id: writtenId(event.id) };
    default:
      return event;
  }
}

/** The real reducer behind the real reading of updates, seen by the names of people. */
const throughTelegram: Reducer = (state, event, nowMs, limits) => {
  const step = senderPairing(withIds(state, stored), withStoredId(event), nowMs, limits);
  const { outcome } = step;
  const shown =
    outcome.type === "requested"
      ? { ...outcome, request: { ...outcome.request, id: named(outcome.request.id) } }
      : outcome.type === "approved"
        ? { ...outcome, id: named(outcome.id) }
        : outcome;
  return { state: withIds(step.state, named), outcome: shown };
};

test("[telegram:sender-walk] [senders:walk] [R-42] sender walk: whatever people do and call themselves at Telegram, and however an owner writes them down, each is one sender, and nobody is another", {
  timeout: 120_000,
}, () => {
  const result = walk(throughTelegram);
  expect(result.violation).toBeUndefined();
  expect({ states: result.states, transitions: result.transitions }).toEqual({ states: 3_440, transitions: 127_416 });
});

test("[telegram:sender-walk] sender walk: it catches an adapter that takes people by their names", () => {
  const byName: Reducer = (state, event, nowMs, limits) => {
    const person = event.type === "upsert" ? people[event.id] : undefined;
    const known = Object.entries(people).find(([name]) => name === person?.names[0]?.username)?.[0];
    return throughTelegram(state, event.type === "upsert" && known ? { ...event, id: known } : event, nowMs, limits);
  };
  expect(walk(byName, 4).violation).toBeDefined();
});
