import { z } from "zod";
import { keyed } from "./annotate.ts";
import { nonEmpty } from "./values.ts";

/** Which agent answers where. */
export const bindingsSection = () =>
  keyed(
    z
      .array(
        z.strictObject({
          agentId: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/),
          match: z.strictObject({
            channel: nonEmpty,
            accountId: nonEmpty.optional(),
            peer: z.strictObject({ kind: z.enum(["dm", "group", "channel"]), id: nonEmpty }).optional(),
            guildId: nonEmpty.optional(),
            teamId: nonEmpty.optional(),
          }),
        }),
      )
      .max(1_000),
    [],
    {
      description:
        "Which agent answers where; the most exact match wins. Without `accountId` it is the channel's default account alone, with `*` every account. Where none matches, the default agent answers.",
      expects: "a list of { agentId, match: { channel, accountId, peer: { kind, id }, guildId, teamId } }",
      reload: "live",
    },
  );
