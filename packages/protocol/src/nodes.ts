import * as z from "zod";
import { lazy } from "./lazy.ts";
import { timestampMs } from "./text.ts";

const about = () => ({
  nodeId: z.string().min(1),
  displayName: z.string().optional(),
  platform: z.string().optional(),
  version: z.string().optional(),
  coreVersion: z.string().optional(),
  uiVersion: z.string().optional(),
  deviceFamily: z.string().optional(),
  modelIdentifier: z.string().optional(),
  remoteIp: z.string().optional(),
  permissions: z
    .record(z.string(), z.boolean())
    .optional()
    .meta({ description: "What the node's system lets it do, as the node says." }),
});

/** A node: a paired device with the role, a connected one, or both. */
export const nodeRowSchema = lazy(() =>
  z
    .object({
      ...about(),
      caps: z.array(z.string()).meta({ description: "Sorted, without repeats; empty while it is away." }),
      commands: z
        .array(z.string())
        .meta({ description: "What it may be asked to do, after the allowlist; sorted, without repeats." }),
      pathEnv: z.string().optional(),
      connectedAtMs: timestampMs().optional(),
      paired: z.boolean(),
      connected: z.boolean(),
    })
    .meta({ id: "NodeRow" }),
);

/** A node that waits in the older node pairing store. */
export const pendingNodeSchema = lazy(() =>
  z
    .object({
      requestId: z.string().min(1),
      ...about(),
      caps: z.array(z.string()).optional(),
      commands: z.array(z.string()).optional(),
      silent: z.boolean().optional(),
      isRepair: z.boolean().optional(),
      ts: timestampMs(),
    })
    .meta({ id: "PendingNode" }),
);

/** A node of the older node pairing store, without its secret. */
export const pairedNodeSchema = lazy(() =>
  z
    .object({
      ...about(),
      token: z.string().min(1).optional().meta({ description: "Other gateways show it here. Saltgate never does." }),
      caps: z.array(z.string()).optional(),
      commands: z.array(z.string()).optional(),
      bins: z.array(z.string()).optional(),
      createdAtMs: timestampMs(),
      approvedAtMs: timestampMs(),
      lastConnectedAtMs: timestampMs().optional(),
    })
    .meta({ id: "PairedNode" }),
);

/** Work that waits for a node that sleeps. Since revision 4. */
export const pendingWorkSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      type: z.enum(["status.request", "location.request"]),
      priority: z.enum(["default", "normal", "high"]),
      createdAtMs: timestampMs(),
      expiresAtMs: timestampMs().nullable().optional(),
      payload: z.record(z.string(), z.unknown()).optional(),
    })
    .meta({ id: "PendingWork" }),
);

/** A node, as `node.list` shows it. */
export type NodeRow = z.output<ReturnType<typeof nodeRowSchema>>;
