import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { findDevice, nameOf, openDeviceDesk, roleOf } from "../device-desk.ts";
import { answer } from "../output/answer.ts";

/** Ends a device's token until its owner approves it again. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openDeviceDesk(invocation);
  const { paired } = await desk.call("device.pair.list", {});
  const device = findDevice(paired, invocation.positionals[0] ?? "");
  const result = await desk.call("device.token.revoke", {
    deviceId: device.deviceId,
    role: roleOf(device, invocation.value("role")),
  });
  answer(
    invocation,
    result,
    () => `Revoked: ${nameOf(device)} is no ${result.role} any more, until you approve it again.`,
  );
  return Exit.Ok;
}
