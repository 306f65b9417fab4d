import * as z from "zod";
import { method } from "../define.ts";
import { lazy } from "../lazy.ts";
import { LIMITS } from "../limits.ts";
import { pairedNodeSchema, pendingNodeSchema } from "../nodes.ts";
import { noParams, shortText } from "../text.ts";

const names = () => z.array(shortText()).max(LIMITS.maxListEntries);

/**
 * The older way of pairing nodes, with a store of its own. It doesn't decide who may connect:
 * device pairing in the role `node` does.
 */
export const nodePairingMethods = {
  "node.pair.request": method({
    summary: "Asks for a node to be let in.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    until: 3,
    status: "served",
    params: lazy(() =>
      z.object({
        nodeId: shortText(),
        displayName: shortText().optional(),
        platform: shortText().optional(),
        version: shortText().optional(),
        coreVersion: shortText().optional(),
        uiVersion: shortText().optional(),
        deviceFamily: shortText().optional(),
        modelIdentifier: shortText().optional(),
        caps: names().optional(),
        commands: names().optional(),
        remoteIp: shortText().optional(),
        silent: z.boolean().optional(),
      }),
    ),
    result: lazy(() => z.object({ status: z.literal("pending"), request: pendingNodeSchema(), created: z.boolean() })),
    notes: "Followed by `node.pair.requested` when the request is new. `silent` is a hint and grants nothing.",
  }),
  "node.pair.list": method({
    summary: "Nodes that wait, and nodes that are paired.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    params: noParams,
    result: lazy(() => z.object({ pending: z.array(pendingNodeSchema()), paired: z.array(pairedNodeSchema()) })),
  }),
  "node.pair.approve": method({
    summary: "Lets a waiting node in.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ requestId: shortText() })),
    result: lazy(() => z.object({ requestId: z.string().min(1), node: pairedNodeSchema() })),
    notes:
      "A node that declares commands which run programs needs an approver with `operator.admin` (rule R-29). Followed by `node.pair.resolved`.",
  }),
  "node.pair.reject": method({
    summary: "Turns a waiting node away.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ requestId: shortText() })),
    result: lazy(() => z.object({ requestId: z.string().min(1), nodeId: z.string().min(1) })),
    notes: "Followed by `node.pair.resolved`.",
  }),
  "node.pair.remove": method({
    summary: "Forgets a paired node.",
    role: "operator",
    scope: "operator.pairing",
    since: 4,
    status: "served",
    privileged: true,
    params: lazy(() => z.object({ nodeId: shortText() })),
    result: lazy(() => z.object({ nodeId: z.string().min(1) })),
  }),
  "node.pair.verify": method({
    summary: "Whether a node's token is the right one.",
    role: "operator",
    scope: "operator.pairing",
    since: 3,
    until: 3,
    status: "served",
    params: lazy(() => z.object({ nodeId: shortText(), token: z.string().min(1).max(LIMITS.maxCredentialChars) })),
    result: lazy(() => z.object({ ok: z.boolean(), node: pairedNodeSchema().optional() })),
    notes: "Guesses count against the rate limit.",
  }),
} as const;
