import { expect, test } from "vitest";
import { LIMITS } from "../src/index.ts";

test("[protocol:limits] limits: every bound of the wire has the value that clients were told", () => {
  expect(LIMITS).toEqual({
    maxPreAuthFrameBytes: 65_536,
    maxPayloadBytes: 26_214_400,
    maxBufferedBytes: 52_428_800,
    handshakeTimeoutMs: 15_000,
    tickIntervalMs: 15_000,
    signatureSkewMs: 600_000,
    pairingTtlMs: 300_000,
    presenceTtlMs: 300_000,
    maxPresenceEntries: 200,
    idempotencyTtlMs: 300_000,
    maxIdempotencyEntries: 1_000,
    maxCloseReasonBytes: 120,
    maxNameChars: 256,
    maxClientTextChars: 256,
    maxCredentialChars: 4_096,
    maxListEntries: 256,
    maxAttachmentBytes: 5_000_000,
    maxAttachments: 16,
    maxSessionKeyChars: 512,
    maxLabelChars: 512,
    maxHistoryMessages: 1_000,
    maxHistoryBytes: 6_291_456,
    chatDeltaIntervalMs: 150,
    maxNodeChunkChars: 16_384,
    nodeInvokeTimeoutMs: 30_000,
    approvalTimeoutMs: 120_000,
    agentWaitTimeoutMs: 30_000,
    maxLogLines: 5_000,
    maxLogBytes: 1_000_000,
  });
});
