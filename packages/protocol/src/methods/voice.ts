import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { noParams, shortText, timestampMs } from "../text.ts";

const triggers = lazy(() => z.object({ triggers: z.array(z.string()) }));

/** Speaking and listening. */
export const voiceMethods = {
  "talk.mode": method({
    summary: "Turns talk mode on or off, or says which phase it is in.",
    role: "operator",
    scope: { 3: "operator.write", 4: "operator.talk" },
    since: 3,
    status: "planned",
    params: lazy(() => z.object({ enabled: z.boolean(), phase: shortText().optional() })),
    result: lazy(() => z.object({ enabled: z.boolean(), phase: z.string().nullable(), ts: timestampMs() })),
    notes: "Followed by the event `talk.mode`. From a web chat it needs a connected phone or tablet node.",
  }),
  "voicewake.get": method({
    summary: "The words that wake the assistant.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: noParams,
    result: triggers,
  }),
  "voicewake.set": method({
    summary: "Sets the words that wake the assistant.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({ triggers: z.array(z.string()).meta({ description: "The first 32 count, 64 characters of each." }) }),
    ),
    result: triggers,
    notes: "Followed by the event `voicewake.changed`.",
  }),
} as const;
