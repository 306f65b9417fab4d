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

/** How a node's machine is, as the node says in `node.presence.alive`. */
export const nodeHostStatsSchema = lazy(() =>
  z
    .object({
      ts: timestampMs().optional(),
      uptimeSeconds: z.number().min(0).optional(),
      loadAverage: z.array(z.number().min(0)).max(3).optional(),
      cpuCount: z.int().min(1).optional(),
      memoryTotalBytes: z.int().min(0).optional(),
      memoryFreeBytes: z.int().min(0).optional(),
      diskTotalBytes: z.int().min(0).optional(),
      diskFreeBytes: z.int().min(0).optional(),
      temperatureCelsius: z.number().optional(),
      runningCommands: z.int().min(0).optional(),
    })
    .meta({ id: "NodeHostStats" }),
);

/** A node: a paired device with the role, a connected one, or both. */
export const nodeRowSchema = lazy(() =>
  z
    .object({
      ...about(),
      caps: z.array(z.string()).meta({ description: "Sorted, without repeats; empty while it is away." }),
      commands: z
        .array(z.string())
        .meta({ description: "What it may be asked to do, after the allowlist; sorted, without repeats." }),
      withheld: z
        .array(z.object({ command: z.string().min(1), reason: z.string().min(1) }))
        .optional()
        .meta({ description: "What it says it can do and may not be asked, and why." }),
      pathEnv: z.string().optional(),
      connectedAtMs: timestampMs().optional(),
      lastSeenAtMs: timestampMs().optional().meta({ description: "Survives restarts of the gateway." }),
      lastSeenReason: z.enum(["connected", "alive", "disconnected"]).optional(),
      host: nodeHostStatsSchema().optional().meta({ description: "How its machine was when it last said so." }),
      waiting: z.int().min(0).optional().meta({ description: "Work that waits for it." }),
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

/** How far work for a sleeping node has come. */
export const pendingWorkState = () => z.enum(["waiting", "sent", "done", "failed", "expired", "unknown"]);

/** Work that waits for a node that sleeps. Since revision 4. */
export const pendingWorkSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      type: z.enum(["status.request", "location.request", "invoke"]),
      priority: z.enum(["default", "normal", "high"]),
      createdAtMs: timestampMs(),
      expiresAtMs: timestampMs().nullable().optional(),
      payload: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: "Of an invocation: `command`, `paramsJSON` and `idempotencyKey`." }),
    })
    .meta({ id: "PendingWork" }),
);

/** Work that was left for a node, as its sender sees it. */
export const queuedWorkSchema = lazy(() =>
  z
    .object({
      id: z.string().min(1),
      nodeId: z.string().min(1),
      command: z.string().min(1),
      priority: z.enum(["normal", "high"]),
      state: pendingWorkState().meta({
        description:
          "`unknown`: it was sent, and the node never said what came of it; it may have run. `failed` and `done` are the node's word.",
      }),
      createdAtMs: timestampMs(),
      expiresAtMs: timestampMs(),
      endedAtMs: timestampMs().optional(),
      payload: z.unknown().optional().meta({ description: "What the node answered." }),
      error: z.object({ code: z.string().optional(), message: z.string().optional() }).optional(),
    })
    .meta({ id: "QueuedWork" }),
);

/** Work that was left for a node. */
export type QueuedWork = z.output<ReturnType<typeof queuedWorkSchema>>;
/** Work as the node takes it. */
export type PendingWork = z.output<ReturnType<typeof pendingWorkSchema>>;
/** How a node's machine is. */
export type NodeHostStats = z.output<ReturnType<typeof nodeHostStatsSchema>>;
/** A node, as `node.list` shows it. */
export type NodeRow = z.output<ReturnType<typeof nodeRowSchema>>;
/** A node that waits in the node pairing store. */
export type PendingNode = z.output<ReturnType<typeof pendingNodeSchema>>;
/** A node of the node pairing store. */
export type PairedNode = z.output<ReturnType<typeof pairedNodeSchema>>;
