import * as z from "zod";
import { type ErrorShape, errorShape } from "./errors.ts";
import { isTooDeep } from "./json-depth.ts";
import { lazy } from "./lazy.ts";
import { LIMITS } from "./limits.ts";
import { describeIssues } from "./validation.ts";

const name = (): z.ZodString => z.string().min(1).max(LIMITS.maxNameChars);

/** A request: `{type:"req", id, method, params?}`. Keys that we don't know are ignored. */
export const requestFrameSchema = lazy(() =>
  z.object({
    type: z.literal("req"),
    id: name().meta({ description: "Chosen by the sender; the response carries it back." }),
    method: name(),
    params: z.unknown().optional(),
    traceparent: z.string().max(128).optional().meta({ description: "W3C trace context. Since revision 4." }),
  }),
);

const errorShapeSchema = lazy(() =>
  z
    .object({
      code: z.string().min(1),
      message: z.string().min(1),
      details: z.unknown().optional(),
      retryable: z.boolean().optional(),
      retryAfterMs: z.int().min(0).optional().meta({ description: "Milliseconds to wait before trying again." }),
    })
    .meta({ id: "ErrorShape" }),
);

/** A response: `{type:"res", id, ok, payload?, error?}`. */
export const responseFrameSchema = lazy(() =>
  z.object({
    type: z.literal("res"),
    id: z.string().min(1),
    ok: z.boolean(),
    payload: z.unknown().optional(),
    error: errorShapeSchema().optional(),
  }),
);

/** Counters that tell whether a snapshot is newer than the one held. Both always come together. */
export const stateVersionSchema = lazy(() =>
  z.object({ presence: z.int().min(0), health: z.int().min(0) }).meta({ id: "StateVersion" }),
);

/** An event: `{type:"event", event, payload?, seq?, stateVersion?}`. */
export const eventFrameSchema = lazy(() =>
  z.object({
    type: z.literal("event"),
    event: z.string().min(1),
    payload: z.unknown().optional(),
    seq: z
      .int()
      .min(0)
      .optional()
      .meta({ description: "Position in this connection's own gap-free sequence; absent on targeted events." }),
    stateVersion: stateVersionSchema().optional(),
  }),
);

const serverFrameSchema = lazy(() => z.discriminatedUnion("type", [responseFrameSchema(), eventFrameSchema()]));

/** A request, as it travels. */
export interface RequestFrame {
  readonly type: "req";
  readonly id: string;
  readonly method: string;
  readonly params?: unknown;
  readonly traceparent?: string | undefined;
}

/** A response, as it travels. */
export interface ResponseFrame {
  readonly type: "res";
  readonly id: string;
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly error?: ErrorShape | undefined;
}

/** Counters of the snapshots that events keep up to date. */
export interface StateVersion {
  readonly presence: number;
  readonly health: number;
}

/** An event, as it travels. */
export interface EventFrame {
  readonly type: "event";
  readonly event: string;
  readonly payload?: unknown;
  readonly seq?: number | undefined;
  readonly stateVersion?: StateVersion | undefined;
}

/** What came of reading bytes that a peer sent. Peers send nonsense; that is a result, not an exception. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** `not-json`: no JSON text at all. `not-a-frame`: JSON of another shape. */
      readonly problem: "not-json" | "not-a-frame";
      /** The frame's id when it had a usable one, so that the refusal can name it. */
      readonly id: string | undefined;
      readonly error: ErrorShape;
    };

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The parser's message quotes what the peer sent, so it is dropped here.
    return { ok: false };
  }
}

function idOf(value: unknown): string | undefined {
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
  return typeof id === "string" && id !== "" && id.length <= LIMITS.maxNameChars ? id : undefined;
}

const notJson: Decoded<never> = {
  ok: false,
  problem: "not-json",
  id: undefined,
  error: errorShape("INVALID_FRAME", "invalid request frame: not JSON"),
};

function tooDeep(value: unknown, maxDepth: number): Decoded<never> {
  return {
    ok: false,
    problem: "not-a-frame",
    id: idOf(value),
    error: errorShape("INVALID_FRAME", `invalid frame: nested deeper than ${maxDepth} levels`),
  };
}

/** A gateway wraps what it was told: whoever reads its frames takes more than it takes itself. */
const maxServerDepth = 2 * LIMITS.maxJsonDepth;

/** Reads a frame that a client sent. Only requests travel that way. */
export function decodeRequestFrame(text: string): Decoded<RequestFrame> {
  const json = parseJson(text);
  if (!json.ok) return notJson;
  if (isTooDeep(json.value)) return tooDeep(json.value, LIMITS.maxJsonDepth);
  const parsed = requestFrameSchema().safeParse(json.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    problem: "not-a-frame",
    id: idOf(json.value),
    error: errorShape("INVALID_FRAME", `invalid request frame: ${describeIssues(parsed.error)}`),
  };
}

/** Reads a frame that a gateway sent: a response or an event. */
export function decodeServerFrame(text: string): Decoded<ResponseFrame | EventFrame> {
  const json = parseJson(text);
  if (!json.ok) return notJson;
  if (isTooDeep(json.value, maxServerDepth)) return tooDeep(json.value, maxServerDepth);
  const parsed = serverFrameSchema().safeParse(json.value);
  if (parsed.success) return { ok: true, value: parsed.data as ResponseFrame | EventFrame };
  return {
    ok: false,
    problem: "not-a-frame",
    id: idOf(json.value),
    error: errorShape("INVALID_FRAME", `invalid frame: ${describeIssues(parsed.error)}`),
  };
}

/** The text of a successful response. An absent payload leaves the key out. */
export function encodeResponse(id: string, payload: unknown): string {
  return JSON.stringify({ type: "res", id, ok: true, payload });
}

/** The text of a failed response; a few methods answer with a payload besides the error. */
export function encodeErrorResponse(id: string, error: ErrorShape, payload?: unknown): string {
  return JSON.stringify({ type: "res", id, ok: false, payload, error });
}

/**
 * The text of an event around a payload that is JSON already, so that one payload is serialised once
 * for all its readers and only the sequence number differs.
 */
export function encodeEvent(
  event: string,
  payloadJson: string | undefined,
  seq: number | undefined,
  stateVersion?: StateVersion,
): string {
  let text = `{"type":"event","event":${JSON.stringify(event)}`;
  if (payloadJson !== undefined) text += `,"payload":${payloadJson}`;
  if (seq !== undefined) text += `,"seq":${seq}`;
  if (stateVersion !== undefined)
    text += `,"stateVersion":{"presence":${stateVersion.presence},"health":${stateVersion.health}}`;
  return `${text}}`;
}
