/** Whether answers are delivered, by where a session is. */
export interface SendRules {
  readonly standard: "allow" | "deny";
  readonly rules: readonly {
    readonly action: "allow" | "deny";
    /** What is left out matches everything. */
    readonly match: {
      readonly channel?: string | undefined;
      readonly chatType?: "direct" | "group" | "channel" | undefined;
      readonly keyPrefix?: string | undefined;
    };
  }[];
}

/**
 * Whether something may be sent from a session. What was set for the session itself wins; then any rule that denies, then any that
 * allows, then the standard.
 */
export function maySend(
  rules: SendRules,
  session: {
    readonly key: string;
    readonly channel: string | undefined;
    readonly chatType: string | undefined;
    readonly override: "allow" | "deny" | undefined;
  },
): boolean {
  if (session.override !== undefined) return session.override === "allow";
  const actions = rules.rules
    .filter(
      ({ match }) =>
        (match.channel === undefined || match.channel.toLowerCase() === session.channel?.toLowerCase()) &&
        (match.chatType === undefined || match.chatType === session.chatType) &&
        (match.keyPrefix === undefined || session.key.startsWith(match.keyPrefix.toLowerCase())),
    )
    .map(({ action }) => action);
  if (actions.includes("deny")) return false;
  return actions.includes("allow") || rules.standard === "allow";
}
