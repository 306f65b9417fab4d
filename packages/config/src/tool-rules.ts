import { z } from "zod";
import { optionalKey } from "./annotate.ts";

const names = z.array(z.string().trim().min(1).max(200)).max(500);
const expectsNames = "a list of tools, groups such as group:fs, and patterns such as sessions_*";

/** The four keys that say which tools there are, wherever they stand. */
export const toolRules = () => ({
  profile: optionalKey(z.enum(["minimal", "coding", "messaging", "full"]), {
    description: "A named choice of tools to begin with.",
    expects: '"minimal", "coding", "messaging" or "full"',
    defaultText: "all tools",
    reload: "live",
  }),
  allow: optionalKey(names, {
    description: "Only these. An empty list allows all that are left.",
    expects: expectsNames,
    reload: "live",
  }),
  alsoAllow: optionalKey(names, {
    description: "These besides the profile's. Not together with `allow`.",
    expects: expectsNames,
    reload: "live",
  }),
  deny: optionalKey(names, {
    description: "Never these. Stronger than every allowance.",
    expects: expectsNames,
    reload: "live",
  }),
});

/** The same for runs that think with one provider (`anthropic`) or model (`anthropic/claude-opus-4-5`). */
export const toolRulesByProvider = () => z.record(z.string().min(1).max(300), z.strictObject(toolRules())).prefault({});
