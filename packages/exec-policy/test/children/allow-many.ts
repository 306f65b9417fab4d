// Adds entries to an approvals file: the program of one of two processes that write it at once.
import { ExecApprovalsFile } from "@saltgate/exec-policy";

const [path, name, count] = process.argv.slice(2);
const approvals = new ExecApprovalsFile({ path: path!, useIntervalMs: 0 });
for (let at = 0; at < Number(count); at++) {
  const { snapshot } = await approvals.allow({ agentId: name!, pattern: `/${name}/${at}` });
  const entry = snapshot.file.agents![name!]!.allowlist!.at(-1)!;
  await approvals.noteUse({ agentId: name!, entryId: entry.id!, command: "x", resolvedPath: "/x" });
}
