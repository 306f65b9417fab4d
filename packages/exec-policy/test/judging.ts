// Plans a command on a fake host and judges it, for tests that are about the verdict.
import {
  type ExecPolicy,
  type HostView,
  type JudgeFacts,
  judgeRun,
  planRun,
  policyOf,
  type Verdict,
} from "../src/index.ts";
import { linuxHost } from "./fake-host.ts";

/** The rules of a host that asks when a command isn't on this list. */
export function listing(patterns: readonly string[], ask: ExecPolicy["ask"] = "on-miss"): ExecPolicy {
  const allowlist = patterns.map((pattern, at) => ({ id: `e${at}`, pattern }));
  return policyOf({ version: 1, agents: { main: { security: "allowlist", ask, allowlist } } }, "main");
}

export async function judge(
  command: readonly string[],
  policy: ExecPolicy | readonly string[],
  options: { readonly host?: HostView; readonly cwd?: string; readonly facts?: Partial<JudgeFacts> } = {},
): Promise<Verdict> {
  const host = options.host ?? linuxHost();
  const planned = await planRun({ command: [...command], cwd: options.cwd }, host);
  if (!planned.ok) throw new Error(planned.message);
  const facts = { homedir: host.homedir, platform: host.platform, ...options.facts };
  return judgeRun({ ...planned, policy: "security" in policy ? policy : listing(policy), facts });
}

/** `allowed`, or what happens instead. */
export const verdictOf = async (...given: Parameters<typeof judge>): Promise<Verdict["verdict"]> =>
  (await judge(...given)).verdict;
