/** A command as the core names it. */
export interface MenuCommand {
  readonly name: string;
  readonly description: string;
}

/** Most commands of a menu, and longest description. Source: core.telegram.org/bots/api#setmycommands. */
const maxCommands = 100;
const maxDescriptionChars = 256;

/**
 * The menu that Telegram takes: names of lower-case letters, digits and `_`, each once; what has another name is left out and told.
 * Pure.
 */
export function commandMenu(
  commands: readonly MenuCommand[],
  custom: readonly { readonly command: string; readonly description: string }[],
): {
  readonly menu: readonly { readonly command: string; readonly description: string }[];
  readonly leftOut: readonly string[];
} {
  const wanted = [...commands.map(({ name, description }) => ({ command: name, description })), ...custom].map(
    ({ command, description }) => ({
      command: command.trim().replace(/^\//, "").toLowerCase().replaceAll("-", "_"),
      description: description.trim().slice(0, maxDescriptionChars),
    }),
  );
  const menu = new Map<string, { readonly command: string; readonly description: string }>();
  const leftOut: string[] = [];
  for (const entry of wanted) {
    const isValid = /^[a-z0-9_]{1,32}$/.test(entry.command) && entry.description !== "";
    if (!isValid || menu.has(entry.command) || menu.size === maxCommands) leftOut.push(entry.command.slice(0, 64));
    else menu.set(entry.command, entry);
  }
  return { menu: [...menu.values()], leftOut };
}
