import * as z from "zod";
import { lazy } from "./lazy.ts";
import { LIMITS } from "./limits.ts";

/** Non-empty text of bounded length: ids, names, keys. */
export const shortText = (): z.ZodString => z.string().min(1).max(LIMITS.maxClientTextChars);
/** Free text of a message, bounded by the frame that carries it. */
export const longText = (): z.ZodString => z.string();
/** Milliseconds since the epoch. */
export const timestampMs = (): z.ZodNumber => z.int().min(0);
/** A duration in milliseconds. */
export const durationMs = (): z.ZodNumber => z.int().min(0);
/** A key that makes a repeat of a request get the first answer. */
export const idempotencyKey = (): z.ZodString =>
  z
    .string()
    .min(1)
    .max(LIMITS.maxNameChars)
    .meta({ description: "Fresh for each request; a repeat of the request carries it again." });
/** The key of a session: `agent:main:main` and the like, or an alias such as `main`. */
export const sessionKey = (): z.ZodString => z.string().min(1).max(LIMITS.maxSessionKeyChars);
/** The label of a session. */
export const sessionLabel = (): z.ZodString => z.string().min(1).max(LIMITS.maxLabelChars);
/** A method without params: an empty object, which may as well be absent. */
export const noParams = lazy(() => z.object({}));
/** The answer of a method that has nothing to say but that it worked. */
export const okResult = lazy(() => z.object({ ok: z.literal(true) }));
