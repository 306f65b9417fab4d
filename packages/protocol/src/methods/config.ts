import * as z from "zod";
import { baseHash } from "../approvals.ts";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { restartPlanSchema } from "../restart.ts";
import { deliveryContextSchema } from "../sessions.ts";
import { longText, noParams, sessionKey, shortText } from "../text.ts";

const issue = () => z.object({ path: z.string(), message: z.string() });
const settings = () => z.record(z.string(), z.unknown());
const configHintSchema = lazy(() =>
  z
    .object({
      label: z.string().optional(),
      help: z.string().optional(),
      group: z.string().optional(),
      order: z.number().optional(),
      advanced: z.boolean().optional(),
      sensitive: z.boolean().optional(),
      placeholder: z.string().optional(),
      itemTemplate: z.unknown().optional(),
    })
    .meta({ id: "ConfigHint" }),
);
const reloadKind = () =>
  z.enum(["none", "hot", "restart"]).meta({ description: "What a change of this key does to a running gateway." });
const written = () => ({ ok: z.literal(true), path: z.string(), config: settings() });
const change = () => ({
  raw: longText().min(1).meta({ description: "JSON5." }),
  baseHash: baseHash(),
});
const restarting = () => ({
  ...change(),
  sessionKey: sessionKey().optional().meta({ description: "The session that is told when the gateway is back." }),
  deliveryContext: deliveryContextSchema().optional().meta({ description: "Since revision 4." }),
  note: z.string().max(4_096).optional(),
  restartDelayMs: z.int().min(0).optional(),
});
const restarted = lazy(() =>
  z.object({
    ...written(),
    restart: restartPlanSchema().optional(),
    sentinel: z.object({ path: z.string().nullable(), payload: z.unknown() }).optional(),
  }),
);

/** The gateway's settings. Sensitive values never leave it; a placeholder stands for them, also on the way back. */
export const configMethods = {
  "config.get": method({
    summary: "The settings file, what was understood of it, and what is wrong with it.",
    role: "operator",
    scope: { 3: "operator.admin", 4: "operator.read" },
    since: 3,
    status: "planned",
    params: noParams,
    result: lazy(() =>
      z.object({
        path: z.string(),
        exists: z.boolean(),
        raw: z.string().nullable(),
        parsed: z.unknown(),
        valid: z.boolean(),
        config: settings(),
        hash: z.string().optional().meta({ description: "SHA-256 of the raw text, hex. Pass it back as `baseHash`." }),
        issues: z.array(issue()),
        warnings: z.array(issue()),
        legacyIssues: z.array(issue()),
      }),
    ),
  }),
  "config.schema": method({
    summary: "What the settings may be: a JSON Schema, and hints for forms.",
    role: "operator",
    scope: { 3: "operator.admin", 4: "operator.read" },
    since: 3,
    status: "planned",
    params: noParams,
    result: lazy(() =>
      z.object({
        schema: settings(),
        uiHints: z.record(z.string(), configHintSchema()),
        version: z.string(),
        generatedAt: z.string(),
      }),
    ),
  }),
  "config.schema.lookup": method({
    summary: "What one setting may be.",
    role: "operator",
    scope: "operator.read",
    since: 4,
    status: "planned",
    params: lazy(() =>
      z.object({
        path: z
          .string()
          .min(1)
          .max(1_024)
          .regex(/^[A-Za-z0-9_./[\]\-*]+$/, "must be a path of keys"),
      }),
    ),
    result: lazy(() =>
      z.object({
        path: z.string(),
        schema: z.unknown(),
        reloadKind: reloadKind().optional(),
        hint: configHintSchema().optional(),
        hintPath: z.string().optional(),
        children: z.array(
          z.object({
            key: z.string(),
            path: z.string(),
            type: z.union([z.string(), z.array(z.string())]).optional(),
            required: z.boolean(),
            hasChildren: z.boolean(),
            reloadKind: reloadKind().optional(),
            hint: configHintSchema().optional(),
            hintPath: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
  "config.set": method({
    summary: "Replaces the settings file.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() => z.object(change())),
    result: lazy(() => z.object(written())),
    notes: "What the change needs (nothing, a reload, a restart) happens as it does for an edit by hand.",
  }),
  "config.patch": method({
    summary: "Merges a change into the settings and restarts the gateway.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        ...restarting(),
        replacePaths: z
          .array(shortText())
          .max(256)
          .optional()
          .meta({ description: "Keys whose lists are replaced instead of merged. Since revision 4." }),
      }),
    ),
    result: restarted,
    notes: "A JSON merge patch: null deletes a key, a list replaces a list.",
  }),
  "config.apply": method({
    summary: "Replaces the settings file and restarts the gateway.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() => z.object(restarting())),
    result: restarted,
  }),
  "config.openFile": method({
    summary: "Opens the settings file in an editor on the gateway's own screen.",
    role: "operator",
    scope: "operator.admin",
    since: 4,
    status: "planned",
    privileged: true,
    params: noParams,
    result: lazy(() => z.object({ ok: z.boolean(), path: z.string().optional(), error: z.string().optional() })),
  }),
} as const;
