import type { ResultOf } from "@saltgate/client";
import { answersTo, isGivenUpWith, isNotice, saidIn } from "./answers.ts";
import type { DeliveryWorld } from "./delivery-world.ts";
import type { Flow } from "./flow.ts";

/** What became of a flow, as the far side saw it. */
export interface Verdict {
  /** Broken promises, in words; none when all were kept. */
  readonly broken: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

type Message = NonNullable<ResultOf<"chat.history">["messages"]>[number];

/** Every id of a question, of its end, and of what was said aside. */
const idPattern = /[qec]\d{5}x/g;

/** Compares what was shown and kept with what should have been. Ask when nothing is under way any more. */
export async function verdictOn(world: DeliveryWorld, flow: Flow): Promise<Verdict> {
  const broken: string[] = [];
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1): void => {
    counts[what] = (counts[what] ?? 0) + by;
  };
  const { deliveries, aside } = await world.ask((client) =>
    client.request("deliveries.list", { states: ["failed", "unknown", "expired"], limit: 1_000 }),
  );
  const uncertain = deliveries.filter(({ state }) => state === "unknown");
  for (const { state, error, preview } of deliveries)
    if (state !== "unknown") broken.push(`a delivery is ${state}: ${error ?? ""} (${preview.slice(0, 40)})`);
  for (const { reason } of aside) broken.push(`a message was set aside: ${reason}`);
  const excused = new Set(uncertain.flatMap(({ preview }) => preview.match(idPattern) ?? []));
  const noticed = new Set<string>();

  for (const question of flow.asked) {
    const { end, id, place } = question;
    count("asked in chats");
    const answers = answersTo(world, question);
    const ends = saidIn(world, place).filter(({ text }) => text.includes(end));
    if (answers.length > 1)
      broken.push(`${place.name}: ${id} was answered ${answers.length} times: ${JSON.stringify(answers)}`);
    if (ends.length > 1) broken.push(`${place.name}: the end of ${id} is shown ${ends.length} times`);
    const [answer] = answers;
    if (answer === undefined && !excused.has(id) && isGivenUpWith(world, question, flow.asked)) {
      noticed.add(id);
      count("given up with a notice");
    } else if (answer === undefined) {
      if (!excused.has(id)) broken.push(`${place.name}: ${id} was never answered`);
      count("uncertain");
    } else if (isNotice(answer)) {
      noticed.add(id);
      count("given up with a notice");
    } else if (ends.length === 0) {
      const isExcused = uncertain.some(({ to }) => to === String(place.chat));
      if (!isExcused) broken.push(`${place.name}: the answer to ${id} has no end: ${answer.text}`);
      count("uncertain");
    } else count("answered in chats");
  }
  for (const { id, place } of flow.asides) {
    const shown = saidIn(world, place).filter(({ text }) => text.includes(id));
    if (shown.length > 1) broken.push(`${place.name}: what was said aside was told ${shown.length} times: ${id}`);
    count("said aside");
  }
  for (const place of world.places) {
    const said = saidIn(world, place);
    const own = new Set([
      ...flow.asked.filter((one) => one.place === place).flatMap(({ end, id }) => [id, end]),
      ...flow.asides.filter((one) => one.place === place).map(({ id }) => id),
    ]);
    for (const { text } of said)
      for (const id of text.match(idPattern) ?? [])
        if (!own.has(id)) broken.push(`${place.name}: ${id} was never said here, and is shown`);
    const order = said.flatMap(({ text }) => text.match(/q\d{5}x/g) ?? []);
    if (order.join() !== order.toSorted().join()) broken.push(`${place.name}: out of order: ${order.join(" ")}`);
    const notices = said.filter(isNotice).map(({ replyTo }) => replyTo);
    if (new Set(notices).size !== notices.length) broken.push(`${place.name}: the same notice twice`);
  }
  for (const stranger of flow.knocked) {
    const told = world.telegram.fromBots(stranger);
    const isExcused = told.length === 0 && uncertain.some(({ to }) => to === String(stranger));
    if (told.length !== 1 && !isExcused)
      broken.push(`a stranger was told ${told.length} things: ${told.map(({ text }) => text).join(" / ")}`);
    else if (told[0] !== undefined && !/pairing code/i.test(told[0].text))
      broken.push(`a stranger was told: ${told[0].text}`);
    count("strangers told", told.length);
  }
  await judgeHistory(world, flow, { broken, count, noticed });
  count("uncertain deliveries", uncertain.length);
  for (const { error = "" } of uncertain) count(`uncertain: ${error}`);
  return { broken, counts };
}

/** Every session holds each of its turns once, in their order, and each answer once. */
async function judgeHistory(
  world: DeliveryWorld,
  flow: Flow,
  { broken, count, noticed }: { broken: string[]; count: (what: string) => void; noticed: ReadonlySet<string> },
): Promise<void> {
  const { sessions } = await world.ask((client) => client.request("sessions.list", { limit: 1_000 }));
  const asked = new Map<string, number>();
  const answered = new Map<string, number>();
  for (const { key } of sessions) {
    const messages = await wholeHistory(world, key);
    const ids = (role: string): string[] =>
      messages
        .filter((message) => message.role === role)
        .flatMap((message) => wordsOf(message).match(/q\d{5}x/g) ?? []);
    for (const id of ids("user")) asked.set(id, (asked.get(id) ?? 0) + 1);
    for (const id of ids("assistant")) answered.set(id, (answered.get(id) ?? 0) + 1);
    const order = ids("user");
    if (order.join() !== order.toSorted().join()) broken.push(`history of ${key} is out of order: ${order.join(" ")}`);
  }
  for (const { id } of [...flow.asked, ...flow.taken]) {
    const [told, said] = [asked.get(id) ?? 0, answered.get(id) ?? 0];
    const isFailed = noticed.has(id) || (said === 0 && (await hasFailed(world, flow, id)));
    if (isFailed) count("runs given up");
    if (told !== 1 && !(told === 0 && isFailed)) broken.push(`history: ${id} was said ${told} times`);
    if (said !== (isFailed ? 0 : 1)) broken.push(`history: ${id} was answered ${said} times`);
  }
  for (const _ of flow.taken) count("taken from web chats");
}

/** Everything that was said in a session, oldest first: an answer holds a part of it at most. */
async function wholeHistory(world: DeliveryWorld, sessionKey: string): Promise<readonly Message[]> {
  const pages: Message[][] = [];
  for (;;) {
    const offset = pages.reduce((sum, page) => sum + page.length, 0);
    const { messages = [] } = await world.ask((client) =>
      client.request("chat.history", { sessionKey, limit: 1_000, offset }),
    );
    if (messages.length === 0) return pages.toReversed().flat();
    pages.push(messages);
  }
}

async function hasFailed(world: DeliveryWorld, flow: Flow, id: string): Promise<boolean> {
  const runId = flow.taken.find((one) => one.id === id)?.runId;
  if (runId === undefined) return false;
  const { status } = await world.ask((client) => client.request("agent.wait", { runId, timeoutMs: 100 }));
  return status === "error";
}

function wordsOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return content.map(({ text }) => text ?? "").join(" ");
}
