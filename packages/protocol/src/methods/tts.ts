import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { longText, noParams, shortText } from "../text.ts";

const enabled = lazy(() => z.object({ enabled: z.boolean() }));

/** Text to speech. */
export const ttsMethods = {
  "tts.status": method({
    summary: "Whether replies are spoken, and by whom.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: noParams,
    result: lazy(() => z.looseObject({ enabled: z.boolean(), provider: z.string().optional() })),
  }),
  "tts.providers": method({
    summary: "Who can speak.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: noParams,
    result: lazy(() =>
      z.object({
        providers: z.array(
          z.object({
            id: z.string().min(1),
            name: z.string(),
            configured: z.boolean(),
            models: z.array(z.string()),
            voices: z.array(z.string()).optional(),
          }),
        ),
        active: z.string().nullable(),
      }),
    ),
  }),
  "tts.enable": method({
    summary: "Has replies spoken.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "planned",
    params: noParams,
    result: enabled,
  }),
  "tts.disable": method({
    summary: "No longer has replies spoken.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "planned",
    params: noParams,
    result: enabled,
  }),
  "tts.convert": method({
    summary: "Speaks a text into a file.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "planned",
    params: lazy(() => z.object({ text: longText().min(1), channel: shortText().optional() })),
    result: lazy(() =>
      z.object({
        audioPath: z.string(),
        provider: z.string(),
        outputFormat: z.string(),
        voiceCompatible: z.boolean(),
      }),
    ),
  }),
  "tts.setProvider": method({
    summary: "Chooses who speaks.",
    role: "operator",
    scope: "operator.write",
    since: 3,
    status: "planned",
    params: lazy(() => z.object({ provider: shortText().meta({ description: "openai, elevenlabs or edge." }) })),
    result: lazy(() => z.object({ provider: z.string() })),
  }),
} as const;
