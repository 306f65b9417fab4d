import * as z from "zod";
import { type MethodDescription, method } from "./define.ts";
import { stateVersionSchema } from "./frames.ts";
import { healthSummarySchema, helloHealthSchema } from "./health.ts";
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
    id: label().meta({
      description: "What kind of client: `cli`, `gateway-client`, `node-host`, `saltgate-control-ui`…",
    }),
    displayName: label().optional(),
    version: label(),
    platform: label().meta({ description: "`linux`, `darwin`, `win32`, `iOS 18.2`, `android`, `web`…" }),
    deviceFamily: label().optional().meta({ description: "`Mac`, `iPhone`, `Android`…" }),
    modelIdentifier: label().optional(),
    mode: label().meta({
      description: "How it is used: `cli`, `ui`, `webchat`, `backend`, `node`, `probe`, `worker`.",
    }),
    instanceId: label().optional().meta({ description: "Stays the same for one installation." }),
    buildId: z.string().max(96).optional().meta({ description: "Since revision 4." }),
    timeZone: z.string().max(64).optional().meta({ description: "Since revision 4." }),
  }),
);

const connectDeviceSchema = lazy(() =>
  z.object({
    id: z.string().min(1).max(128).meta({ description: "Hex SHA-256 of the raw public key, lower case." }),
    publicKey: z.string().min(1).max(1_024).meta({ description: "The raw Ed25519 key, base64url without padding." }),
    signature: z.string().min(1).max(256).meta({ description: "Over the proof text, base64url without padding." }),
    signedAt: z.int().min(0).meta({ description: "Milliseconds since the epoch; part of the proof text." }),
    nonce: z
      .string()
      .max(256)
      .optional()
      .meta({ description: "Of the challenge. Required, but for local clients of revision 3." }),
  }),
);

const connectAuthSchema = lazy(() =>
  z.object({
    token: credential().optional().meta({ description: "The gateway's token, or the device's own." }),
    password: credential().optional().meta({ description: "The gateway's password." }),
    deviceToken: credential().optional().meta({ description: "The device's own token. Since revision 4." }),
    bootstrapToken: credential().optional().meta({ description: "From a setup code. Since revision 4." }),
  }),
);

/**
 * Params of `connect`: the union of what revisions 3 and 4 know, because the revision is not agreed yet.
 * Unknown keys are ignored; every list and text has a bound.
 */
export const connectParamsSchema = lazy(() =>
  z.object({
    minProtocol: z.int().min(1).meta({ description: "The oldest revision that the client speaks." }),
    maxProtocol: z.int().min(1).meta({ description: "The newest revision that the client speaks." }),
    client: connectClientSchema(),
    role: label().optional().meta({ description: "`operator` or `node`; without it, `operator`." }),
    scopes: labels()
      .optional()
      .meta({ description: "What an operator asks for. Without it: what its owner approved." }),
    caps: labels().optional().meta({ description: "What the client can do." }),
    commands: labels().optional().meta({ description: "Of a node: what it can be asked to do." }),
    permissions: z
      .record(label(), z.boolean())
      .optional()
      .meta({ description: "Of a node: what its system lets it do." }),
    pathEnv: z.string().max(8_192).optional().meta({ description: "Of a node: the PATH that its commands see." }),
    device: connectDeviceSchema().optional().meta({ description: "The proof of who the device is." }),
    auth: connectAuthSchema().optional().meta({ description: "What the client knows." }),
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
      health: helloHealthSchema(),
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

/**
 * The handshake, described like a method. It isn't one of {@link METHODS}: the connection itself answers it, once,
 * before anything else.
 */
export const CONNECT: MethodDescription = method({
  summary: "Says who the peer is and what it wants to be. The first request on every connection, and only the first.",
  role: "operator",
  since: 3,
  unlisted: [3, 4],
  status: "served",
  params: connectParamsSchema,
  result: lazy(() => z.union([helloOkV3Schema(), helloOkV4Schema()])),
  notes: "Both roles call it; it needs no scope. The answer is `hello-ok`, or an error and the end of the connection.",
});
