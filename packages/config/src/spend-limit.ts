import { z } from "zod";
import { optionalKey, section } from "./annotate.ts";
import { wholeNumber } from "./values.ts";

/** What somebody may use up. @param whose in words, at the end of a sentence */
export const spendLimit = (whose: string, defaultText = "no limit") => {
  const limit = (description: string, expects: string, schema: z.ZodNumber) =>
    optionalKey(schema, { description: `${description} ${whose}.`, expects, defaultText, reload: "live" });
  const whole = "a whole number from 1 to 1000000000";
  return section({
    runsPerHour: limit("Runs within an hour, of", whole, wholeNumber(1, 1_000_000_000)),
    runsPerDay: limit("Runs within a day, of", whole, wholeNumber(1, 1_000_000_000)),
    tokensPerDay: limit("Tokens within a day, of", whole, wholeNumber(1, 1_000_000_000)),
    costUsdPerDay: limit(
      "US dollars within a day, where prices are configured, of",
      "a number above 0, up to 1000000",
      z.number().positive().max(1_000_000),
    ),
  });
};
