import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { findDevice, nameOf, openDeviceDesk } from "../device-desk.ts";
import { answer } from "../output/answer.ts";

/** Gives a device a name of its owner's choice. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openDeviceDesk(invocation);
  const { paired } = await desk.call("device.pair.list", {});
  const [words = "", displayName = ""] = invocation.positionals;
  const device = findDevice(paired, words);
  const result = await desk.call("device.pair.rename", { deviceId: device.deviceId, displayName });
  answer(invocation, result, () => `${device.deviceId.slice(0, 12)} is now called ${nameOf(result)}.`);
  return Exit.Ok;
}
