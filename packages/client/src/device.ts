import { createDeviceIdentity as create, type DeviceIdentity, type Ed25519Engine } from "@saltgate/identity";
import { platform } from "#platform";

/** A new device identity. Keep its `seed` in a safe place: a program that makes a new one each time is a new device each time. */
export async function createDeviceIdentity(engine: Ed25519Engine = platform.engine): Promise<DeviceIdentity> {
  return create(engine);
}
