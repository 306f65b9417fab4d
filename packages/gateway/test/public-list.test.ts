import { defaultConfig } from "@saltgate/config";
import { expect, test } from "vitest";
import * as main from "../src/index.ts";
import * as service from "../src/service/index.ts";

// A red list asks: did you mean it? Then change the copy, the README and the changeset too.

test("gateway: its public list is this", () => {
  expect(Object.keys(main).sort()).toEqual([
    "RequestError",
    "attribute",
    "connectionStep",
    "decideAdmission",
    "defaultGatewayAuth",
    "defaultGatewayLimits",
    "deviceMethods",
    "hostName",
    "isLoopbackHostName",
    "isLoopbackIp",
    "isOriginAllowed",
    "isTailnetIp",
    "normalizeIp",
    "openGatewayState",
    "parseAddressSet",
    "planBind",
    "reachOf",
    "silentLogger",
    "startGateway",
    "systemClock",
  ]);
});

test("gateway: the public list of its service entry is this", () => {
  expect(Object.keys(service).sort()).toEqual([
    "ExitCode",
    "GATEWAY_FLAGS",
    "LogRedactor",
    "StartError",
    "certificateFingerprint",
    "createLogSink",
    "createSelfSignedCertificate",
    "createTailscaleWhois",
    "firstConfig",
    "loadTls",
    "newSharedSecret",
    "nodeHost",
    "parseGatewayFlags",
    "planStart",
    "runGateway",
    "withStateLock",
    "writeFirstConfig",
  ]);
});

test("gateway: what nobody has configured is the same with and without a configuration file", () => {
  const { gateway } = defaultConfig();
  const { maxPreAuth, maxPreAuthPerAddress, ...limits } = main.defaultGatewayLimits;
  expect(limits).toEqual({
    maxPayloadBytes: gateway.limits.maxPayloadBytes,
    maxBufferedBytes: gateway.limits.maxBufferedBytes,
    totalBufferedBytes: gateway.limits.totalBufferedBytes,
    maxConnections: gateway.limits.maxConnections,
    maxInFlightRequests: gateway.limits.maxInFlightRequests,
    handshakeTimeoutMs: gateway.handshakeTimeoutMs,
    tickIntervalMs: gateway.tickIntervalMs,
  });
  expect([maxPreAuth, maxPreAuthPerAddress]).toEqual([
    gateway.limits.maxPreAuthConnections,
    gateway.limits.maxPreAuthConnectionsPerIp,
  ]);
  const auth = main.defaultGatewayAuth({ mode: "token", token: "x" });
  expect(auth).toMatchObject({
    localWithoutDevice: gateway.auth.localWithoutDevice,
    allowTailscale: gateway.auth.allowTailscale,
    rateLimit: gateway.auth.rateLimit,
    trustedProxies: gateway.trustedProxies,
    allowedOrigins: gateway.controlUi.allowedOrigins,
  });
});
