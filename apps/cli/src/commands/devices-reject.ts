import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { findRequest, nameOf, openDeviceDesk } from "../device-desk.ts";
import { answer } from "../output/answer.ts";

/** Turns a waiting device away. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openDeviceDesk(invocation);
  const { pending } = await desk.call("device.pair.list", {});
  const request = findRequest(pending, invocation.positionals[0] ?? "");
  const result = await desk.call("device.pair.reject", { requestId: request.requestId });
  answer(invocation, result, () => `Rejected ${nameOf(request)} (${result.deviceId.slice(0, 12)}).`);
  return Exit.Ok;
}
