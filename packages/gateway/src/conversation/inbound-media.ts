import type { MessagePart } from "@saltgate/agent";
import { type AccountKeeper, type InboundMedia, type InboundMessage, NotNowError } from "@saltgate/channel";
import { LIMITS } from "@saltgate/protocol";

/** Pictures of one message that an agent sees. */
const maxImages = 10;
/** Bytes of all of them together: in base64 a third more, and still less than a transcript keeps of one message. */
const maxTotalBytes = 15_000_000;

/**
 * The pictures of a message that was let in. One that is too large or can't be fetched is said to be so: the message counts
 * all the same.
 * @throws {NotNowError} while the channel is being opened
 */
export async function fetchImages(
  message: InboundMessage,
  keeper: AccountKeeper,
  signal: AbortSignal,
): Promise<readonly MessagePart[]> {
  const images = message.media.filter(isPicture).slice(0, maxImages);
  const { connection } = keeper;
  // What waited for the gateway's start is looked at before its channel is open.
  if (images.length > 0 && connection === undefined && keeper.status.running)
    throw new NotNowError("The channel isn't open yet, and the message has pictures.");
  const fetch = connection?.fetchMedia?.bind(connection);
  const maxBytes = Math.min(
    keeper.account.policy.maxMediaBytes ?? keeper.adapter.descriptor.limits.maxMediaBytes,
    LIMITS.maxAttachmentBytes,
  );
  const parts = await Promise.all(
    images.map(async ({ ref, bytes: announced }): Promise<MessagePart> => {
      if (announced !== undefined && announced > maxBytes)
        return note(`a picture of ${announced} bytes is larger than ${maxBytes}`);
      try {
        if (fetch === undefined) return note("a picture could not be fetched");
        const { bytes } = await fetch(ref, maxBytes, signal);
        const mimeType = imageType(bytes);
        if (mimeType === undefined) return note("a file that was said to be a picture isn't one");
        return { type: "image", data: Buffer.from(bytes).toString("base64"), mimeType };
      } catch {
        return note("a picture could not be fetched");
      }
    }),
  );
  let totalBytes = 0;
  return parts.map((part) => {
    if (part.type !== "image") return part;
    totalBytes += (part.data.length * 3) / 4;
    return totalBytes > maxTotalBytes ? note("a picture was left out: together they are too large") : part;
  });
}

/** Whether it is said to be a picture: people send them as files, too, so that they stay as sharp as they are. */
function isPicture({ kind, mimeType }: InboundMedia): boolean {
  return kind === "image" || kind === "sticker" || (kind === "document" && /^image\//i.test(mimeType ?? ""));
}

const note = (text: string): MessagePart => ({ type: "text", text: `(${text})` });

/** What a picture is by its first bytes, whatever its name says. */
export function imageType(bytes: Uint8Array): string | undefined {
  const starts = (...head: number[]): boolean => head.every((byte, index) => bytes[index] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  const isRiff = starts(0x52, 0x49, 0x46, 0x46);
  return isRiff && Buffer.from(bytes.subarray(8, 12)).toString("latin1") === "WEBP" ? "image/webp" : undefined;
}
