import type { SystemRunPlan } from "@saltgate/protocol";

/** Every field of a plan; a field that is new in the protocol doesn't compile until it is compared. */
const compared: Readonly<Record<keyof SystemRunPlan, true>> = {
  argv: true,
  commandText: true,
  cwd: true,
  executable: true,
  envNames: true,
  envDigest: true,
  mutableFileOperand: true,
  agentId: true,
  sessionKey: true,
};

/** The first field in which the plan that was approved and the one of now differ, or `undefined` (rule R-34). */
export function differenceOf(approved: SystemRunPlan, current: SystemRunPlan): keyof SystemRunPlan | undefined {
  const fields = Object.keys(compared) as (keyof SystemRunPlan)[];
  return fields.find((field) => canonical(approved[field]) !== canonical(current[field]));
}

/** Plain JSON with its keys in order; a missing value is no value of its own. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`).join(",")}}`;
}
