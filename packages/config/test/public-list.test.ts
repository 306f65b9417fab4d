import { expect, test } from "vitest";
import * as config from "../src/index.ts";

test("config: the public list is exactly this", () => {
  expect(Object.keys(config).toSorted()).toEqual([
    "ConfigError",
    "ConfigErrorCode",
    "configJsonSchema",
    "configReference",
    "configuredAgents",
    "decodeConfig",
    "defaultConfig",
    "defaultGatewayPort",
    "describeProblems",
    "explain",
    "explainAll",
    "findReusedSecret",
    "isSensitivePath",
    "loadConfig",
    "loadWithLastGood",
    "maxConfigLength",
    "planReload",
    "readShared",
    "redact",
    "redactedSentinel",
    "resolveGatewayAuth",
    "resolveGatewayPort",
    "resolveGatewayUrl",
    "resolveStatePaths",
    "restoreRedacted",
    "secretsOf",
    "writeConfig",
  ]);
});
