import type { ConfigChange, ConfigValue } from "./edit-text.ts";
import { type Fields, fieldsAt } from "./written-fields.ts";

/**
 * The changes that take what a channel's section and its accounts say about a group along to the group's new id. What is written
 * for the new id already stays; there are none when nothing is written about the old one. Pure.
 */
export function movedGroupChanges(
  written: unknown,
  channel: string,
  from: string,
  to: string,
): readonly ConfigChange[] {
  const section = fieldsAt(written, "channels", channel);
  const accounts = fieldsAt(section, "accounts");
  const places: readonly (readonly [readonly string[], Fields])[] = [
    [["channels", channel, "groups"], fieldsAt(section, "groups")],
    ...Object.keys(accounts).map(
      (name) => [["channels", channel, "accounts", name, "groups"], fieldsAt(accounts, name, "groups")] as const,
    ),
  ];
  return places.flatMap(([base, groups]): readonly ConfigChange[] => {
    if (!Object.hasOwn(groups, from)) return [];
    const gone = { path: [...base, from], remove: true as const };
    if (Object.hasOwn(groups, to)) return [gone];
    return [{ path: [...base, to], value: groups[from] as ConfigValue }, gone];
  });
}
