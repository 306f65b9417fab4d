import * as z from "zod";
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
