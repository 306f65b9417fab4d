import * as z from "zod";
import { lazy } from "./lazy.ts";

/** How far a wizard is. */
export const wizardStatus = () => z.enum(["running", "done", "cancelled", "error"]);

/** One question of a wizard. */
const wizardStepSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      type: z.enum(["note", "select", "text", "confirm", "multiselect", "progress", "action"]),
      title: z.string().optional(),
      message: z.string().optional(),
      options: z.array(z.object({ value: z.unknown(), label: z.string(), hint: z.string().optional() })).optional(),
      initialValue: z.unknown().optional(),
      placeholder: z.string().optional(),
      sensitive: z.boolean().optional().meta({ description: "Don't echo or keep what is typed." }),
      executor: z.enum(["gateway", "client"]).optional(),
    })
    .meta({ id: "WizardStep" }),
);

/** What a wizard answers to each move. */
export const wizardMoveSchema = lazy(() =>
  z
    .object({
      done: z.boolean(),
      step: wizardStepSchema().optional(),
      status: wizardStatus().optional(),
      error: z.string().optional(),
    })
    .meta({ id: "WizardMove" }),
);

/** One question of a wizard. */
export type WizardStep = z.output<ReturnType<typeof wizardStepSchema>>;
