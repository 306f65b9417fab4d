import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { findDevice, nameOf, openDeviceDesk, roleOf } from "../device-desk.ts";
import { answer } from "../output/answer.ts";

/** Has a device exchange its token when it next connects. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openDeviceDesk(invocation);
  const { paired } = await desk.call("device.pair.list", {});
  const device = findDevice(paired, invocation.positionals[0] ?? "");
  const scopes = invocation.has("scopes") ? { scopes: invocation.list("scopes") } : {};
  const result = await desk.call("device.token.rotate", {
    deviceId: device.deviceId,
    role: roleOf(device, invocation.value("role")),
    ...scopes,
  });
  answer(
    invocation,
    result,
    () =>
      `${nameOf(device)} gets a new ${result.role} token when it next connects; the first use of that ends the old one.`,
  );
  return Exit.Ok;
}
