import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { AccountContext, ChannelAccount, ChannelAdapter } from "@saltgate/channel";
import type { ChannelCredential } from "@saltgate/config";
import { CommandError, Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { askHidden } from "./hidden-question.ts";
import { inputText } from "./typed-text.ts";

/** Longest token that is read, in bytes. */
const MAX_TOKEN_BYTES = 4_096;
/** How long a platform may take to say who a token belongs to, in milliseconds. */
const PROBE_MS = 15_000;

/**
 * The token of a new account: from the file of `--token-file`, which stays where it is, from the terminal without being shown,
 * or from standard input. Never from the command line, which other users of the machine can read.
 * @throws {CommandError} when there is none
 */
export async function credentialOf(
  invocation: Invocation,
  adapter: ChannelAdapter,
): Promise<{ readonly credential: ChannelCredential; readonly token: string }> {
  const misplaced = invocation.value("token");
  if (misplaced !== undefined && isToken(adapter, misplaced))
    throw new CommandError(
      "TOKEN_ON_COMMAND_LINE",
      "other users of this machine can read words of the command line, so nothing was written",
      {
        mend: "Have the platform make a new token for the bot, then run it again without --token: it is asked for.",
        exit: Exit.Usage,
      },
    );
  const file = invocation.value("token-file");
  if (file !== undefined) {
    const tokenFile = resolve(file);
    return { credential: { tokenFile }, token: await tokenIn(tokenFile) };
  }
  const { label } = adapter.descriptor;
  const typed =
    process.stdin.isTTY === true
      ? await askHidden(`Token of the ${label} bot (it isn't shown): `)
      : await inputText("the token", MAX_TOKEN_BYTES);
  const botToken = typed.trim();
  if (botToken === "")
    throw new CommandError("NO_TOKEN", "no token was given", {
      mend: "Type it when it is asked for, or pass it on standard input, or name a file: --token-file <path>",
      exit: Exit.Usage,
    });
  return { credential: { botToken }, token: botToken };
}

/** Whether a text has the form of a token of this channel. */
function isToken(adapter: ChannelAdapter, botToken: string): boolean {
  return adapter.accounts({ botToken }, {})[0]?.notConfigured === undefined;
}

async function tokenIn(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_TOKEN_BYTES));
      const { mode } = await file.stat();
      if (process.platform !== "win32" && (mode & 0o077) !== 0)
        process.stderr.write(`Other users of this machine can read ${path}. Run: chmod 600 ${path}\n`);
      return buffer.subarray(0, bytesRead).toString("utf8").trim();
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new CommandError("NO_TOKEN", `the token file ${path} can't be read (${code})`, {
      exit: Exit.Usage,
      cause: error,
    });
  }
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/**
 * An account as it will be with its new token, as its adapter sees it.
 * @throws {CommandError} when the adapter can't use the token
 */
export function accountWith(
  adapter: ChannelAdapter,
  section: unknown,
  accountId: string,
  token: string,
  env: Readonly<Record<string, string | undefined>>,
): ChannelAccount {
  const base = fieldsOf(section);
  const named = fieldsOf(base["accounts"]);
  const { tokenFile: _own, ...own } = fieldsOf(named[accountId]);
  const isAlone = accountId === "default" && Object.keys(named).length === 0;
  const { tokenFile: _section, ...shared } = base;
  // The account without a name stays beside the first one that has a name.
  const others = Object.keys(named).length === 0 ? { default: {} } : named;
  const candidate = isAlone
    ? { ...shared, botToken: token }
    : { ...base, accounts: { ...others, [accountId]: { ...own, botToken: token, enabled: true } } };
  const accounts = adapter.accounts({ ...candidate, enabled: true }, env);
  const account = accounts.find(({ id }) => id === accountId);
  const isTwice = accounts.some(
    ({ id, notConfigured }) => id !== accountId && notConfigured?.includes(`"${accountId}"`),
  );
  const why = account?.notConfigured ?? (isTwice ? "another account has it already" : undefined);
  if (account !== undefined && why === undefined) return account;
  throw new CommandError("BAD_TOKEN", `that can't be used as a token: ${why ?? "no such account"}`, {
    mend: "Nothing was written. Try again with the token as the platform gave it to you.",
    exit: Exit.Usage,
  });
}

/**
 * Asks the platform whose token it is. Nothing is received and nothing is sent.
 * @returns what the platform calls the bot
 * @throws {CommandError} when it refuses the token, or can't be reached
 */
export async function whoseToken(adapter: ChannelAdapter, account: ChannelAccount): Promise<string> {
  const silent = (): void => undefined;
  const context: AccountContext = {
    account,
    inbound: {
      accept: () => Promise.reject(new Error("nothing is received while a token is checked")),
    } as unknown as AccountContext["inbound"],
    status: silent,
    clock: {
      now: Date.now,
      after: (delayMs, task) => {
        const timer = setTimeout(task, delayMs);
        return () => clearTimeout(timer);
      },
    },
    random: Math.random,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  };
  const { label } = adapter.descriptor;
  const connection = await adapter.open(context);
  const { details, error, ok } = await connection.probe(AbortSignal.timeout(PROBE_MS));
  if (!ok)
    throw new CommandError("PROBE_FAILED", `${label} was asked whose token that is: ${error ?? "no answer"}`, {
      mend: "Nothing was written. Check the token; or write it down without asking: --no-probe",
    });
  const { id, username } = fieldsOf(details?.["bot"]);
  return typeof username === "string" && username !== "" ? `@${username}` : `${label} bot ${String(id)}`;
}
