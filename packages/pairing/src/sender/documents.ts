import type { DocumentShape } from "@saltgate/store";
import { objectOf, type Row } from "../row-reading.ts";
import type { AllowedSenders, PendingSenders, SenderRequest } from "./records.ts";
import { tidySenderCode } from "./sender-code.ts";
import { normalizeSenderId } from "./sender-id.ts";

/** The shapes of a channel's two documents. */
export interface SenderDocumentShapes {
  readonly pending: DocumentShape<PendingSenders>;
  readonly allowFrom: DocumentShape<AllowedSenders>;
}

/**
 * Reads the files of a channel's senders, as this and other gateways write them, or people do by hand. Ids are
 * normalised; `*` and what names nobody is dropped, and so is a request that isn't one. A file of another kind is
 * refused (rule R-57).
 */
export function senderDocumentShapes(channel: string): SenderDocumentShapes {
  return {
    pending: {
      parse: (json) => {
        const file = versionOne(json);
        return { ...file, version: 1, requests: listIn(file, "requests").flatMap((row) => requestRow(row, channel)) };
      },
      empty: () => ({ version: 1, requests: [] }),
    },
    allowFrom: {
      parse: (json) => {
        const file = versionOne(json);
        return { ...file, version: 1, allowFrom: senderIds(listIn(file, "allowFrom").map(idText), channel) };
      },
      empty: () => ({ version: 1, allowFrom: [] }),
    },
  };
}

/** Ids as they are compared: normalised, without repeats, `*` and those that name nobody. */
function senderIds(ids: readonly string[], channel: string): string[] {
  return [...new Set(ids.map((id) => normalizeSenderId(channel, id)).filter((id) => id !== "" && id !== "*"))];
}

function versionOne(json: unknown): Row {
  const file = objectOf(json, "the file");
  if (file["version"] !== undefined && file["version"] !== 1) throw new TypeError(`Expected "version" to be 1.`);
  return file;
}

function listIn(file: Row, key: string): readonly unknown[] {
  const value = file[key];
  if (Array.isArray(value)) return value;
  throw new TypeError(`Expected "${key}" to be a list.`);
}

/** An id of an allow list. People write numbers without quotes. */
function idText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Number.isSafeInteger(value)) return String(value);
  throw new TypeError(`Expected "allowFrom" to be a list of texts.`);
}

function requestRow(json: unknown, channel: string): SenderRequest[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return [];
  const row = json as Row;
  const { id, code, createdAt, lastSeenAt, meta } = row;
  if (typeof id !== "string" || typeof code !== "string" || typeof createdAt !== "string") return [];
  const [sender] = senderIds([id], channel);
  if (sender === undefined || tidySenderCode(code) === "") return [];
  const seen = typeof lastSeenAt === "string" ? lastSeenAt : createdAt;
  const { meta: _, ...rest } = row;
  const facts = Object.entries(typeof meta === "object" && meta !== null ? meta : {}).filter(isText);
  return [
    {
      ...rest,
      id: sender,
      code: tidySenderCode(code),
      createdAt,
      lastSeenAt: seen,
      ...(facts.length > 0 && { meta: Object.fromEntries(facts) }),
    },
  ];
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}
