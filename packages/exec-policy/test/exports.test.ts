import { expect, test } from "vitest";
import * as root from "../src/index.ts";

test("exec-policy: the public list is this one", () => {
  expect(Object.keys(root).sort()).toEqual([
    "ApprovalsFileError",
    "ApprovalsFileErrorCode",
    "DEFAULT_SAFE_BINS",
    "ExecApprovalsFile",
    "RUN_REFUSALS",
    "alwaysPattern",
    "callerEnvironment",
    "childEnvironment",
    "combinePolicies",
    "compilePattern",
    "differenceOf",
    "envDigest",
    "envNames",
    "execApprovalsPath",
    "findProgram",
    "judgeRun",
    "maxApprovalsFileBytes",
    "maxCommandBytes",
    "maxUnwrapDepth",
    "nodeHostFiles",
    "noteOnPattern",
    "planRun",
    "policyOf",
    "problemOfPattern",
    "readCmdText",
    "readShellText",
    "renderArgv",
    "runProcess",
    "withEntry",
    "withoutEntry",
  ]);
});
