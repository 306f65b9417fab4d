import type { StatePaths } from "@saltgate/config";

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Names somebody on a channel as an owner in `commands.ownerAllowFrom`, once.
 * @returns the name that stands there
 * @throws {ConfigError} when the file can't be changed; it is then as it was
 */
export async function nameOwner(
  { configFile }: Pick<StatePaths, "configFile">,
  { channel, id }: { readonly channel: string; readonly id: string },
): Promise<string> {
  const { editConfig } = await import("@saltgate/config");
  const name = `${channel}:${id}`;
  await editConfig(
    configFile,
    (written) => {
      const commands = isFields(written) ? written["commands"] : undefined;
      const known = isFields(commands) ? commands["ownerAllowFrom"] : undefined;
      const owners = Array.isArray(known) ? known.filter((one) => typeof one === "string") : [];
      if (owners.includes(name)) return [];
      return [{ path: ["commands", "ownerAllowFrom"], value: [...owners, name] }];
    },
    { env: process.env },
  );
  return name;
}
