export type { AllowlistEntry } from "./allowlist-entry.ts";
export type { AllowlistChange, AllowlistUse, ExecApprovalsFileOptions } from "./approvals-file.ts";
export { ExecApprovalsFile, execApprovalsPath } from "./approvals-file.ts";
export { renderArgv } from "./command-text.ts";
export type { CallerEnvironment, Environment, EnvironmentRules } from "./environment.ts";
export { callerEnvironment, childEnvironment, envDigest, envNames } from "./environment.ts";
export { ApprovalsFileError, ApprovalsFileErrorCode } from "./errors.ts";
export type { ExecAsk, ExecPolicy, ExecSecurity } from "./exec-policy.ts";
export { combinePolicies, policyOf } from "./exec-policy.ts";
