import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { shortText } from "../text.ts";
import { wizardMoveSchema, wizardStatus } from "../wizard.ts";

const status = lazy(() => z.object({ status: wizardStatus(), error: z.string().optional() }));

/** Setting the gateway up, question by question. One wizard runs at a time. */
export const wizardMethods = {
  "wizard.start": method({
    summary: "Starts the wizard and asks its first question.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    privileged: true,
    params: lazy(() =>
      z.object({
        mode: z.enum(["local", "remote"]).optional(),
        workspace: z.string().max(4_096).optional(),
        flow: z.enum(["setup", "channels"]).optional().meta({ description: "Since revision 4." }),
        channel: shortText().optional().meta({ description: "Since revision 4." }),
        installDaemon: z.boolean().optional().meta({ description: "Since revision 4." }),
      }),
    ),
    result: lazy(() => wizardMoveSchema().extend({ sessionId: z.string().min(1) })),
    notes: "`UNAVAILABLE` while another one runs.",
  }),
  "wizard.next": method({
    summary: "Answers a question and gets the next one.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    params: lazy(() =>
      z.object({
        sessionId: shortText(),
        answer: z.object({ stepId: shortText(), value: z.unknown().optional() }).optional(),
      }),
    ),
    result: wizardMoveSchema,
    notes:
      "Without an answer it shows the current question again. A note is acknowledged by an answer without a value.",
  }),
  "wizard.cancel": method({
    summary: "Ends the wizard.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    params: lazy(() => z.object({ sessionId: shortText() })),
    result: status,
  }),
  "wizard.status": method({
    summary: "How far the wizard is.",
    role: "operator",
    scope: "operator.admin",
    since: 3,
    status: "planned",
    params: lazy(() => z.object({ sessionId: shortText() })),
    result: status,
  }),
} as const;
