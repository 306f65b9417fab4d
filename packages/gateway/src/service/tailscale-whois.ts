import type { TailscaleWhois } from "../auth/tailscale.ts";

const TIMEOUT_MS = 5_000;
const ANSWER_LIFE_MS = 60_000;
const FAILURE_LIFE_MS = 5_000;
const MAX_ANSWERS = 1_000;

/** Runs a program and gives what it printed; rejects when it fails or takes too long. */
export type RunProgram = (file: string, args: readonly string[], timeoutMs: number) => Promise<string>;

const runProgram: RunProgram = async (file, args, timeout) => {
  const { execFile } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { timeout, maxBuffer: 1_048_576, windowsHide: true }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
  });
};

/** Asks the local Tailscale who has an address, and remembers the answer for a minute. */
export function createTailscaleWhois(now: () => number, run: RunProgram = runProgram): TailscaleWhois {
  const answers = new Map<
    string,
    { readonly until: number; readonly answer: Promise<{ readonly login: string } | undefined> }
  >();
  const ask = async (address: string): Promise<{ readonly login: string } | undefined> => {
    const reply: unknown = JSON.parse(await run("tailscale", ["whois", "--json", address], TIMEOUT_MS));
    const profile =
      typeof reply === "object" && reply !== null && "UserProfile" in reply ? reply.UserProfile : undefined;
    const login =
      typeof profile === "object" && profile !== null && "LoginName" in profile ? profile.LoginName : undefined;
    return typeof login === "string" && login !== "" ? { login } : undefined;
  };
  return (address) => {
    const known = answers.get(address);
    if (known !== undefined && known.until > now()) return known.answer;
    const answer = ask(address);
    answers.delete(address);
    answers.set(address, { until: now() + ANSWER_LIFE_MS, answer });
    answer.catch(() => answers.set(address, { until: now() + FAILURE_LIFE_MS, answer }));
    const oldest = answers.keys().next();
    if (answers.size > MAX_ANSWERS && !oldest.done) answers.delete(oldest.value);
    return answer;
  };
}
