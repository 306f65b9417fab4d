import * as z from "zod";
import { lazy } from "./lazy.ts";

/** How an agent presents itself. */
const agentIdentitySchema = lazy(() =>
  z
    .object({
      name: z.string().optional(),
      theme: z.string().optional(),
      emoji: z.string().optional(),
      avatar: z.string().optional().meta({ description: "Letters, an emoji, a data URL, or a path in the workspace." }),
      avatarUrl: z.string().optional(),
    })
    .meta({ id: "AgentIdentity" }),
);

/** One agent of the gateway. */
export const agentSummarySchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      name: z.string().optional(),
      identity: agentIdentitySchema().optional(),
    })
    .meta({ id: "AgentSummary" }),
);

/** One model that an agent may think with. */
export const modelChoiceSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      name: z.string().min(1),
      provider: z.string().min(1),
      contextWindow: z.int().min(1).optional().meta({ description: "In tokens." }),
      reasoning: z.boolean().optional(),
    })
    .meta({ id: "ModelChoice" }),
);

/** An agent, as `agents.list` shows it. */
export type AgentSummary = z.output<ReturnType<typeof agentSummarySchema>>;
/** A model, as `models.list` shows it. */
export type ModelChoice = z.output<ReturnType<typeof modelChoiceSchema>>;
