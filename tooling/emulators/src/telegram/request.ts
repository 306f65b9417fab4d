import type { IncomingMessage } from "node:http";

/** A file that came with a call. */
export interface Upload {
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

/** A call's parameters, however they were encoded. */
export interface CallBody {
  readonly params: Readonly<Record<string, unknown>>;
  readonly uploads: ReadonlyMap<string, Upload>;
}

/** Largest request, in bytes. Source: core.telegram.org/bots/api, "Sending files". */
const maxBodyBytes = 55 * 1024 * 1024;

/** Reads a body to its end. @throws {RangeError} when it is larger than any that is allowed */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new RangeError("Request Entity Too Large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads JSON, forms, and forms with files. */
export async function parseCall(contentType: string, body: Buffer): Promise<CallBody> {
  const uploads = new Map<string, Upload>();
  if (body.length === 0) return { params: {}, uploads };
  if (contentType.startsWith("application/json")) return { params: JSON.parse(body.toString("utf8")), uploads };
  if (contentType.startsWith("application/x-www-form-urlencoded"))
    return { params: Object.fromEntries(new URLSearchParams(body.toString("utf8"))), uploads };
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
  const params: Record<string, unknown> = {};
  for (const [name, value] of form.entries()) {
    if (typeof value === "string") params[name] = value;
    else uploads.set(name, { fileName: value.name, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return { params, uploads };
}
