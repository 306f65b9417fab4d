import type { InboundMedia } from "@saltgate/channel";
import { allFieldsIn, type Fields, fieldsIn, given, integerIn, textIn } from "../reading.ts";

/** What is needed to fetch a file later. */
export interface MediaRef {
  readonly fileId: string;
}

/** Kinds of files by the field that holds them, the more telling one first: an animation is there as a document, too. */
const kinds: readonly (readonly [string, InboundMedia["kind"]])[] = [
  ["animation", "video"],
  ["video", "video"],
  ["video_note", "video"],
  ["audio", "audio"],
  ["voice", "voice"],
  ["sticker", "sticker"],
  ["document", "document"],
];

/** Reads the file of a message. Nothing is fetched. */
export function mediaOf(message: Fields): readonly InboundMedia[] {
  const photo = largestPhoto(allFieldsIn(message["photo"]));
  if (photo !== undefined) return [photo];
  for (const [field, kind] of kinds) {
    const file = fieldsIn(message[field]);
    const media = file === undefined ? undefined : fileOf(file, kind);
    if (media !== undefined) return [media];
  }
  return [];
}

function largestPhoto(sizes: readonly Fields[]): InboundMedia | undefined {
  const area = (size: Fields): number => (integerIn(size["width"]) ?? 0) * (integerIn(size["height"]) ?? 0);
  const [largest] = sizes.toSorted((a, b) => area(b) - area(a));
  const media = largest === undefined ? undefined : fileOf(largest, "image");
  // Telegram turns every photo into a JPEG and says so nowhere.
  return media === undefined ? undefined : { ...media, mimeType: "image/jpeg" };
}

function fileOf(file: Fields, kind: InboundMedia["kind"]): InboundMedia | undefined {
  const fileId = textIn(file["file_id"]);
  if (fileId === undefined) return undefined;
  const ref: MediaRef = { fileId };
  return {
    kind,
    ref,
    ...given({
      mimeType: textIn(file["mime_type"]) ?? (kind === "sticker" ? "image/webp" : undefined),
      fileName: textIn(file["file_name"])?.slice(0, 255),
      bytes: integerIn(file["file_size"]),
    }),
  };
}
