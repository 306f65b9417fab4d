import type { Delivery } from "@saltgate/channel";
import { type CallFailure, isAnswer } from "../call-failure.ts";
import type { Variant } from "./outbound-call.ts";

/**
 * How to send otherwise what Telegram refused, each way at most once; undefined when it stays refused. A refusal means that
 * nothing was carried out, so that sending again can't double anything. Pure. Source: this package's README, "Errors".
 */
export function mend(failure: CallFailure, { content }: Delivery, tried: Variant): Variant | undefined {
  if (failure.kind !== "answered") return undefined;
  if (failure.migratedTo !== undefined && tried.to === undefined && makesMessage(content))
    return { ...tried, to: failure.migratedTo };
  // Shown as it is meant a text can be longer than it was written, as tables and lists are, or have nothing left to show.
  if (isAnswer(failure, /can't parse entities|(message|caption) is too long|text is empty/i) && !tried.isPlain)
    return { ...tried, isPlain: true };
  if (isAnswer(failure, /message thread not found/i) && !tried.withoutThread) return { ...tried, withoutThread: true };
  if (isAnswer(failure, /there is no text in the message to edit/i) && !tried.isCaption)
    return { ...tried, isCaption: true };
  if (content.kind !== "media" || tried.fileAs !== undefined) return undefined;
  if (content.file.kind === "voice" && isAnswer(failure, /VOICE_MESSAGES_FORBIDDEN/i))
    return { ...tried, fileAs: "audio" };
  if (content.file.kind === "image" && isAnswer(failure, /PHOTO_|IMAGE_PROCESS_FAILED/i))
    return { ...tried, fileAs: "document" };
  return undefined;
}

/**
 * Whether the message to change stayed behind when its group became a supergroup. There messages are counted anew, so that
 * its number is another message's, or none's. Pure.
 */
export function isLeftBehind(failure: CallFailure, { content }: Delivery): boolean {
  return failure.kind === "answered" && failure.migratedTo !== undefined && !makesMessage(content);
}

/** Whether what was wanted is already so, although Telegram calls it an error. Pure. */
export function isAlreadySo(failure: CallFailure, { content }: Delivery): boolean {
  if (content.kind === "edit") return isAnswer(failure, /message is not modified/i);
  if (content.kind === "unsend") return isAnswer(failure, /message to delete not found/i);
  return false;
}

/** Whether it makes a message, and doesn't only change one. Pure. */
export function makesMessage({ kind }: Delivery["content"]): boolean {
  return kind === "text" || kind === "media" || kind === "poll";
}
