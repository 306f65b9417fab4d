import type { Fault } from "./faults.ts";
import { wordOf } from "./methods.ts";
import type { Said } from "./people.ts";
import { TelegramEmulator, type TelegramOptions } from "./telegram.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Orders by name, for an emulator that runs as a process of its own: `{"do": "say", ...}`. Bytes of files are base64.
 * Everything answers with JSON.
 */
const orders: Readonly<Record<string, (emulator: TelegramEmulator, fields: Fields) => unknown>> = {
  bot: ({ world }, fields) => {
    const { token, user } = world.addBot(fields as Parameters<typeof world.addBot>[0]);
    return { token, ...user };
  },
  person: ({ world }, fields) => world.addUser(fields as Parameters<typeof world.addUser>[0]),
  chat: ({ world }, fields) => ({ id: world.addChat(fields as Parameters<typeof world.addChat>[0]).id }),
  say: ({ people }, fields) => {
    const media = fields["media"] as { readonly base64: string; readonly kind: string } | undefined;
    const said = { ...fields, ...(media && { media: { ...media, bytes: Buffer.from(media.base64, "base64") } }) };
    return { message: people.say(said as unknown as Said) };
  },
  edit: ({ people }, fields) => people.edit(fields as unknown as Parameters<typeof people.edit>[0]),
  delete: ({ people }, fields) => people.delete(fields as unknown as Parameters<typeof people.delete>[0]),
  react: ({ people }, fields) => people.react(fields as unknown as Parameters<typeof people.react>[0]),
  press: ({ people }, fields) => people.press(fields as unknown as Parameters<typeof people.press>[0]),
  vote: ({ people }, fields) => people.vote(fields as unknown as Parameters<typeof people.vote>[0]),
  member: ({ people }, fields) => people.member(fields as unknown as Parameters<typeof people.member>[0]),
  pin: ({ people }, fields) => people.pin(fields as unknown as Parameters<typeof people.pin>[0]),
  migrate: ({ people }, fields) => ({
    chat: people.migrate(fields as unknown as Parameters<typeof people.migrate>[0]),
  }),
  state: (emulator, { chat }) => emulator.shown(Number(chat)),
  calls: ({ calls }, { method }) => calls.of(method === undefined ? undefined : wordOf(method)),
  pending: (emulator, { token }) => emulator.requireBot(wordOf(token)).queue.pending,
  /** Answers when so many messages of bots stand in a chat. */
  untilSent: (emulator, { chat, count }) => emulator.untilSent(Number(chat), Number(count ?? 1)),
  untilCalled: async ({ calls }, { method, times }) => {
    await calls.untilCalled(wordOf(method), Number(times ?? 1));
  },
  fault: ({ faults }, fields) => faults.add(fields as unknown as Fault),
  clearFaults: ({ faults }) => faults.clear(),
  release: ({ faults }, { method }) => faults.release(method === undefined ? undefined : wordOf(method)),
  redeliver: (emulator, { token }) => emulator.requireBot(wordOf(token)).queue.redeliver(),
  twist: (emulator, { token, how }) =>
    emulator.requireBot(wordOf(token)).queue.twist(how as "duplicate" | "out-of-order"),
  inject: (emulator, { token, update }) => emulator.requireBot(wordOf(token)).queue.inject(update as Fields),
  revoke: (emulator, { token }) => emulator.revoke(wordOf(token)),
};

/** Carries out an order in JSON and answers `{ok: true, result}` or `{ok: false, error}`. Never throws. */
export async function carryOutOrder(emulator: TelegramEmulator, line: string): Promise<unknown> {
  try {
    const { do: name, ...fields } = JSON.parse(line) as Fields;
    const order = orders[wordOf(name)];
    if (order === undefined)
      throw new Error(`There is no order "${wordOf(name)}". There are: ${Object.keys(orders).join(", ")}.`);
    return { ok: true, result: (await order(emulator, fields)) ?? null };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Starts Telegram on loopback. */
export async function startTelegram(options: TelegramOptions = {}): Promise<TelegramEmulator> {
  const emulator = new TelegramEmulator(options, carryOutOrder);
  await emulator.listen(options.port ?? 0);
  return emulator;
}
