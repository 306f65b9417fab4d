import { ChannelError, type Delivery, type Receipt } from "@saltgate/channel";
import type { BotApi } from "../bot-api.ts";
import { CallError, channelErrorOf } from "../call-failure.ts";
import { fieldsIn, given, integerIn, textIn } from "../reading.ts";
import { isAlreadySo, isLeftBehind, mend } from "./mend.ts";
import { type OutboundOptions, outboundCall, type Variant } from "./outbound-call.ts";

export interface SendOptions extends OutboundOptions {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/** A file may take this many times as long as a text. */
const fileDeadlineFactor = 5;

/** Sends, and sends otherwise what Telegram refuses in that form. @throws {ChannelError} */
export async function sendDelivery(api: BotApi, delivery: Delivery, options: SendOptions): Promise<Receipt> {
  const { content } = delivery;
  const deadlineMs = options.deadlineMs * (content.kind === "media" ? fileDeadlineFactor : 1);
  let variant: Variant = {};
  for (;;) {
    const { method, payload } = outboundCall(delivery, options, variant);
    try {
      const result = await api.call(method, payload, { signal: options.signal, deadlineMs });
      return receiptOf(result, delivery, variant);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (isAlreadySo(error.failure, delivery)) return receiptOf(true, delivery, variant);
      if (isLeftBehind(error.failure, delivery)) throw new ChannelError("gone", `${error.message}.`);
      const otherwise = mend(error.failure, delivery, variant);
      if (otherwise === undefined) throw channelErrorOf(method, error.failure, true);
      variant = otherwise;
    }
  }
}

function receiptOf(result: unknown, { target, content }: Delivery, variant: Variant): Receipt {
  const message = fieldsIn(result);
  const id = integerIn(message?.["message_id"]);
  const chat = integerIn(fieldsIn(message?.["chat"])?.["id"]);
  return {
    messageId: id !== undefined ? String(id) : "messageId" in content ? content.messageId : "",
    conversationId: chat !== undefined ? String(chat) : (variant.to ?? target.to),
    ...given({ pollId: textIn(fieldsIn(message?.["poll"])?.["id"]) }),
  };
}
