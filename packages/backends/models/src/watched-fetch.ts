/** A server answered with something that no model API answers with. `message` completes "the server at its address ...". */
export class StrangeAnswer extends Error {
  override readonly name = "StrangeAnswer";
}

/** Largest explanation of a refusal, in bytes. */
const MAX_REFUSAL_BYTES = 256 * 1024;

/** What to watch for. */
export interface FetchWatch {
  /** Called with every piece that comes. */
  readonly heard: () => void;
  readonly maxAnswerBytes: number;
}

/**
 * `fetch` that follows no redirect, so that a key goes to the configured address and nowhere else, takes only streams of
 * events for an answer, and counts what comes.
 */
export function watchedFetch({ heard, maxAnswerBytes }: FetchWatch): typeof fetch {
  return async (input, init) => {
    const sent = typeof init?.body === "string" ? { body: withoutHalfCharacters(init.body) } : {};
    const response = await fetch(input, { ...init, ...sent, redirect: "manual" });
    heard();
    const strange = strangenessOf(response);
    if (strange !== undefined) {
      await response.body?.cancel();
      throw new StrangeAnswer(strange);
    }
    const { body, status, statusText, headers } = response;
    const counted = body && counting(body, heard, response.ok ? maxAnswerBytes : MAX_REFUSAL_BYTES);
    return new Response(counted, { status, statusText, headers });
  };
}

/**
 * JSON without halves of characters: a text that was cut through an emoji has one, `JSON.stringify` escapes it, and a
 * provider that refuses it would refuse the whole conversation from then on. Pure.
 */
function withoutHalfCharacters(json: string): string {
  if (!json.includes("\\ud")) return json;
  // An even number of backslashes before it is text.
  return json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, "$1\\ufffd");
}

function strangenessOf({ status, ok, headers }: Response): string | undefined {
  if (status >= 300 && status < 400)
    return "redirects elsewhere, which is not followed: configure the address it ends at";
  if (!ok) return undefined;
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "" || type === "text/event-stream") return undefined;
  return `answered with ${/^[\w.+/-]{1,60}$/.test(type) ? type : "something else"} instead of a stream of events: is it the address of a model API, with its /v1?`;
}

/** The same bytes, counted as they are read: nothing is read ahead of whoever reads. */
function counting(body: ReadableStream<Uint8Array>, heard: () => void, maxBytes: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        bytes += value.length;
        heard();
        if (bytes <= maxBytes) return controller.enqueue(value);
        reader.cancel().catch(() => {});
        throw new StrangeAnswer(`sent more than ${maxBytes} bytes`);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
