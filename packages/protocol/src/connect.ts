import * as z from "zod";
import { stateVersionSchema } from "./frames.ts";
import { healthSummarySchema } from "./health.ts";
import { lazy } from "./lazy.ts";
import { LIMITS } from "./limits.ts";
import { presenceEntrySchema } from "./presence.ts";
import { timestampMs } from "./text.ts";

const label = (): z.ZodString => z.string().min(1).max(LIMITS.maxClientTextChars);
const labels = () => z.array(label()).max(LIMITS.maxListEntries);
const credential = (): z.ZodString => z.string().max(LIMITS.maxCredentialChars);

/** The first event on every connection. */
export const connectChallengeSchema = lazy(() =>
  z.object({
    nonce: z.string().min(1).meta({ description: "Valid for this connection only; a device signs it." }),
    ts: timestampMs().meta({ description: "The gateway's clock; a revision 4 client signs this as its signedAt." }),
  }),
);

const connectClientSchema = lazy(() =>
  z.object({
    id: label(),
    displayName: label().optional(),
    version: label(),
    platform: label(),
    deviceFamily: label().optional(),
    modelIdentifier: label().optional(),
    mode: label(),
    instanceId: label().optional(),
    buildId: z.string().max(96).optional(),
    timeZone: z.string().max(64).optional(),
  }),
);

const connectDeviceSchema = lazy(() =>
  z.object({
    id: z.string().min(1).max(128),
    publicKey: z.string().min(1).max(1_024),
    signature: z.string().min(1).max(256),
    signedAt: z.int().min(0),
    nonce: z.string().max(256).optional(),
  }),
);

const connectAuthSchema = lazy(() =>
  z.object({
    token: credential().optional(),
    password: credential().optional(),
    deviceToken: credential().optional(),
    bootstrapToken: credential().optional(),
  }),
);

/**
 * Params of `connect`: the union of what revisions 3 and 4 know, because the revision is not agreed yet.
 * Unknown keys are ignored; every list and text has a bound.
 */
export const connectParamsSchema = lazy(() =>
  z.object({
    minProtocol: z.int().min(1),
    maxProtocol: z.int().min(1),
    client: connectClientSchema(),
    role: label().optional(),
    scopes: labels().optional(),
    caps: labels().optional(),
    commands: labels().optional(),
    permissions: z.record(label(), z.boolean()).optional(),
    pathEnv: z.string().max(8_192).optional(),
    device: connectDeviceSchema().optional(),
    auth: connectAuthSchema().optional(),
    locale: z.string().max(LIMITS.maxClientTextChars).optional(),
    userAgent: z.string().max(1_024).optional(),
  }),
);

/** Params of `connect`. */
export type ConnectParams = z.output<ReturnType<typeof connectParamsSchema>>;

const helloSnapshotShape = () => ({
  presence: z.array(presenceEntrySchema()),
  health: healthSummarySchema().partial(),
  stateVersion: stateVersionSchema(),
  uptimeMs: z.int().min(0),
  configPath: z.string().min(1).optional().meta({ description: "Only for admins." }),
  stateDir: z.string().min(1).optional().meta({ description: "Only for admins." }),
  sessionDefaults: z
    .object({
      defaultAgentId: z.string().min(1),
      mainKey: z.string().min(1),
      mainSessionKey: z.string().min(1),
      scope: z.string().min(1).optional(),
    })
    .optional(),
});

const policyShape = () => ({
  maxPayload: z.int().min(1).meta({ description: "Largest inbound frame, in bytes." }),
  maxBufferedBytes: z
    .int()
    .min(1)
    .meta({ description: "Outbound bytes that may wait before a reader counts as slow." }),
  tickIntervalMs: z.int().min(1).meta({ description: "Interval of the tick event, in milliseconds." }),
});

const helloAuthShape = () => ({
  role: z.string().min(1),
  scopes: z.array(z.string()),
  deviceToken: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Shown once: the device's own token, to keep for coming back." }),
  issuedAtMs: timestampMs().optional(),
});

/** The answer to `connect` in revision 3. */
export const helloOkV3Schema = lazy(() =>
  z.strictObject({
    type: z.literal("hello-ok"),
    protocol: z.literal(3),
    server: z.strictObject({
      version: z.string().min(1),
      commit: z.string().min(1).optional(),
      host: z.string().min(1).optional(),
      connId: z.string().min(1),
    }),
    features: z.strictObject({ methods: z.array(z.string().min(1)), events: z.array(z.string().min(1)) }),
    snapshot: z.strictObject(helloSnapshotShape()),
    canvasHostUrl: z.string().min(1).optional(),
    auth: z.strictObject({ ...helloAuthShape(), deviceToken: z.string().min(1) }).optional(),
    policy: z.strictObject(policyShape()),
  }),
);

/** The answer to `connect` in revision 4: `auth` always says what the connection may do. */
export const helloOkV4Schema = lazy(() =>
  z.strictObject({
    type: z.literal("hello-ok"),
    protocol: z.literal(4),
    server: z.strictObject({ version: z.string().min(1), connId: z.string().min(1) }),
    features: z.strictObject({
      methods: z.array(z.string().min(1)),
      events: z.array(z.string().min(1)),
      capabilities: z.array(z.string().min(1)).optional(),
    }),
    snapshot: z.strictObject({
      ...helloSnapshotShape(),
      authMode: z.enum(["none", "token", "password", "trusted-proxy"]).optional(),
    }),
    pluginSurfaceUrls: z.record(z.string(), z.string()).optional(),
    auth: z.strictObject(helloAuthShape()),
    policy: z.strictObject(policyShape()),
  }),
);

/** `hello-ok` of revision 3. */
export type HelloOkV3 = z.output<ReturnType<typeof helloOkV3Schema>>;
/** `hello-ok` of revision 4. */
export type HelloOkV4 = z.output<ReturnType<typeof helloOkV4Schema>>;
/** `hello-ok` of either revision; `protocol` tells which. */
export type HelloOk = HelloOkV3 | HelloOkV4;
