import type { OutboundFile } from "@saltgate/channel";

/** How a file is sent. */
export type FileType = Pick<OutboundFile, "kind" | "mimeType">;

const types: Readonly<Record<string, FileType>> = {
  png: { kind: "image", mimeType: "image/png" },
  jpg: { kind: "image", mimeType: "image/jpeg" },
  jpeg: { kind: "image", mimeType: "image/jpeg" },
  webp: { kind: "image", mimeType: "image/webp" },
  gif: { kind: "animation", mimeType: "image/gif" },
  mp4: { kind: "video", mimeType: "video/mp4" },
  mp3: { kind: "audio", mimeType: "audio/mpeg" },
  m4a: { kind: "audio", mimeType: "audio/mp4" },
  ogg: { kind: "audio", mimeType: "audio/ogg" },
  opus: { kind: "audio", mimeType: "audio/ogg" },
  wav: { kind: "audio", mimeType: "audio/wav" },
  pdf: { kind: "document", mimeType: "application/pdf" },
  txt: { kind: "document", mimeType: "text/plain" },
};

/** How a file of this name is sent; what isn't known goes as a document. Pure. */
export function fileTypeOf(fileName: string): FileType {
  const ending = fileName.split(".").at(-1)?.toLowerCase() ?? "";
  return Object.hasOwn(types, ending) && types[ending] !== undefined
    ? types[ending]
    : { kind: "document", mimeType: "application/octet-stream" };
}
