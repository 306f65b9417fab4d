import type { ShownMessage } from "../../../../tooling/emulators/src/telegram/telegram.ts";
import type { DeliveryWorld, Place } from "./delivery-world.ts";
import type { ChatQuestion } from "./flow.ts";

/** What people see of the bot in a place. */
export function saidIn({ telegram }: DeliveryWorld, { chat, topic }: Place): readonly ShownMessage[] {
  return telegram.fromBots(chat).filter(({ threadId }) => threadId === topic);
}

/** Whether a message says that there will be no answer. */
export const isNotice = ({ text }: Pick<ShownMessage, "text">): boolean => text.startsWith("⚠️");

/** What answers a question in its place: the answer, or a message that says why there is none. */
export function answersTo(world: DeliveryWorld, { id, messageId, place }: ChatQuestion): readonly ShownMessage[] {
  return saidIn(world, place).filter(
    (said) => said.text.includes(id) || (isNotice(said) && said.replyTo === messageId),
  );
}

/** Whether a question was given up together with a later one of its place: several are answered as one, and refused as one. */
export function isGivenUpWith(
  world: DeliveryWorld,
  { messageId, place }: ChatQuestion,
  asked: readonly ChatQuestion[],
): boolean {
  const later = asked.filter((other) => other.place === place && other.messageId > messageId);
  const [first] = later.flatMap((other) => answersTo(world, other).slice(0, 1));
  return first !== undefined && isNotice(first);
}

/** Whether the far side has heard what became of a question. */
export function isAnswered(world: DeliveryWorld, question: ChatQuestion, asked: readonly ChatQuestion[]): boolean {
  return answersTo(world, question).length > 0 || isGivenUpWith(world, question, asked);
}
