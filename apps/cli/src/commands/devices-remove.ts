import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { findDevice, nameOf, openDeviceDesk } from "../device-desk.ts";
import { answer } from "../output/answer.ts";

/** Forgets a paired device and ends its connections. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openDeviceDesk(invocation);
  const { paired } = await desk.call("device.pair.list", {});
  const device = findDevice(paired, invocation.positionals[0] ?? "");
  const result = await desk.call("device.pair.remove", { deviceId: device.deviceId });
  answer(
    invocation,
    result,
    () => `Removed ${nameOf(device)} (${device.deviceId.slice(0, 12)}). Its connections are closed.`,
  );
  return Exit.Ok;
}
