/** Commands that run programs, or tell or change which may run. Only an admin lets a node have one (rule R-29). */
export const EXEC_COMMANDS: readonly string[] = [
  "browser.proxy",
  "system.execApprovals.get",
  "system.execApprovals.set",
  "system.run",
  "system.run.prepare",
  "system.which",
];

const guarded = new Set(EXEC_COMMANDS.map(plain));

/** Whether a node with these commands needs an admin's approval. Another spelling of such a command counts as one. */
export function needsAdmin(commands: readonly string[]): boolean {
  return commands.some((command) => guarded.has(plain(command)));
}

function plain(command: string): string {
  return command.normalize("NFKC").trim().toLowerCase();
}
