import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { ApprovalsFile } from "@saltgate/protocol";
import { openApprovalsDesk } from "../approvals-desk.ts";
import { CommandError, Exit, usageError } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { jsonOf } from "../json-words.ts";
import { answer } from "../output/answer.ts";
import { approvalsText } from "../output/approvals-file.ts";

/** Replaces a machine's approvals file with one that a person wrote. */
export async function run(invocation: Invocation): Promise<Exit> {
  const file = await newFile(invocation);
  await using desk = await openApprovalsDesk(invocation);
  const { exists, hash } = await desk.read();
  const snapshot = await desk.set(file, exists ? hash : undefined);
  answer(invocation, snapshot, () => approvalsText(desk.owner, snapshot, Date.now()));
  return Exit.Ok;
}

async function newFile(invocation: Invocation): Promise<ApprovalsFile> {
  const path = invocation.value("file");
  if ((path === undefined) === !invocation.has("stdin"))
    throw usageError("name a file with --file, or read it with --stdin; not both", invocation.command);
  const words = path === undefined ? await text(process.stdin) : await readFile(path, "utf8").catch(unreadable(path));
  const json = await jsonOf(words, path === undefined ? "what came in" : path, invocation.command);
  const { approvalsFileSchema, describeIssues } = await import("@saltgate/protocol");
  const parsed = approvalsFileSchema().safeParse(json);
  if (parsed.success) return parsed.data;
  throw new CommandError("INVALID_APPROVALS_FILE", `this is no approvals file: ${describeIssues(parsed.error)}`, {
    mend: "Begin with the one that is there: saltgate approvals get --json",
  });
}

function unreadable(path: string): (cause: unknown) => never {
  return (cause) => {
    throw new CommandError("UNREADABLE_FILE", `${path} can't be read`, { exit: Exit.Usage, cause });
  };
}
