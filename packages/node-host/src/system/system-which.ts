import { findProgram, type HostView } from "@saltgate/exec-policy";
import { systemWhichParamsSchema } from "@saltgate/protocol";
import { defineCommand, type NodeCommand } from "../node-command.ts";
import { NodeCommandError } from "../node-command-error.ts";

/** `system.which`: where programs are. Only those that are there are in the answer. */
export function systemWhich(view: HostView): NodeCommand<{ bins: string[] }> {
  return defineCommand({
    name: "system.which",
    cap: "system",
    describe: "Says where programs are.",
    effect: "none",
    params: systemWhichParamsSchema,
    async run({ bins }) {
      const path = bins.find((bin) => /[/\\\0]/.test(bin) || bin === "." || bin === "..");
      if (path !== undefined)
        throw new NodeCommandError(
          "INVALID_REQUEST",
          "system.which: a program is asked for by its name, without a path",
        );
      const found: Record<string, string> = {};
      for (const bin of new Set(bins)) {
        const place = await findProgram(bin, view);
        // Not by assignment: a program may be called like what every object has.
        if (place !== undefined) Object.defineProperty(found, bin, { value: place.path, enumerable: true });
      }
      return { bins: found };
    },
  });
}
