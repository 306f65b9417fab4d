import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { sessionKey, shortText } from "../text.ts";

/** What agents have learned to do. */
export const skillMethods = {
  "skills.status": method({
    summary: "The skills, and what each still needs.",
    role: "operator",
    scope: "operator.read",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        sessionKey: sessionKey().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() =>
      z.object({
        workspaceDir: z.string(),
        managedSkillsDir: z.string(),
        skills: z.array(
          z.looseObject({
            name: z.string().min(1),
            skillKey: z.string().optional(),
            description: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
  "skills.install": method({
    summary: "Installs what a skill needs.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        name: shortText(),
        installId: shortText(),
        agentId: shortText().optional().meta({ description: "Since revision 4." }),
        timeoutMs: z.int().min(1_000).optional(),
      }),
    ),
    result: lazy(() =>
      z.object({
        ok: z.boolean(),
        message: z.string(),
        stdout: z.string(),
        stderr: z.string(),
        code: z.int().nullable(),
      }),
    ),
    notes: "A failed installation answers with this payload and an error.",
  }),
  "skills.update": method({
    summary: "Changes how a skill is set up.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        skillKey: shortText(),
        enabled: z.boolean().optional(),
        apiKey: z.string().max(LIMITS.maxCredentialChars).optional(),
        env: z.record(z.string(), z.string()).optional(),
      }),
    ),
    result: lazy(() =>
      z.object({ ok: z.literal(true), skillKey: z.string(), config: z.record(z.string(), z.unknown()) }),
    ),
    notes: "The answer shows no secret.",
  }),
} as const;
