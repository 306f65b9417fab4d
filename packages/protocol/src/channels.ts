import * as z from "zod";
import { lazy } from "./lazy.ts";
import { timestampMs } from "./text.ts";

const when = () => timestampMs().nullable().optional();
const word = () => z.string().nullable().optional();

/** One account of a channel. Adapters may add keys of their own. */
export const accountSnapshotSchema = lazy(() =>
  z
    .looseObject({
      accountId: z.string().min(1),
      name: z.string().optional(),
      enabled: z.boolean().optional(),
      configured: z.boolean().optional(),
      linked: z.boolean().optional(),
      running: z.boolean().optional(),
      connected: z.boolean().optional(),
      reconnectAttempts: z.int().min(0).optional(),
      lastConnectedAt: when(),
      lastError: word(),
      lastStartAt: when(),
      lastStopAt: when(),
      lastInboundAt: when(),
      lastOutboundAt: when(),
      lastProbeAt: when(),
      mode: word(),
      dmPolicy: word(),
      allowFrom: z.array(z.string()).optional(),
      tokenSource: word().meta({ description: "Where the token comes from, never the token." }),
      botTokenSource: word(),
      appTokenSource: word(),
      baseUrl: word(),
      allowUnmentionedGroups: z.boolean().optional(),
      cliPath: word(),
      dbPath: word(),
      port: z.int().min(0).nullable().optional(),
      probe: z.unknown().optional(),
      audit: z.unknown().optional(),
      application: z.unknown().optional(),
    })
    .meta({ id: "AccountSnapshot" }),
);

/** An account of a channel. */
export type AccountSnapshot = z.output<ReturnType<typeof accountSnapshotSchema>>;
