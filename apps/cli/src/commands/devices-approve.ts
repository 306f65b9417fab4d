import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { findRequest, nameOf, openDeviceDesk } from "../device-desk.ts";
import { answer } from "../output/answer.ts";

/** Lets a waiting device in. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openDeviceDesk(invocation);
  const { pending } = await desk.call("device.pair.list", {});
  const { requestId } = findRequest(pending, invocation.positionals[0] ?? "");
  const scopes = invocation.has("scopes") ? { scopes: invocation.list("scopes") } : {};
  const result = await desk.call("device.pair.approve", { requestId, ...scopes });
  const { device } = result;
  answer(invocation, result, () =>
    [
      `Approved ${nameOf(device)} (${device.deviceId.slice(0, 12)}) as ${(device.roles ?? []).join(" and ")}.`,
      (device.roles ?? []).includes("operator") && `It may: ${(device.scopes ?? []).join(", ") || "nothing yet"}.`,
      desk.via === "state folder" && "No gateway runs now; it holds from the next start on.",
    ]
      .filter((line) => typeof line === "string")
      .join("\n"),
  );
  return Exit.Ok;
}
