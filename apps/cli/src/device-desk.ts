import type { PairedDevice, PendingDevice } from "@saltgate/protocol";
import { CommandError, Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import type { DeviceDesk } from "./device-orders.ts";
import { findOne, meansId } from "./find-one.ts";
import { type GatewaySession, openSession } from "./gateway-session.ts";
import { statePathsOf, usableConfigOf } from "./local-state.ts";
import { printable } from "./output/printable.ts";

/**
 * Opens the desk. Who may write the state folder of this machine is its owner, so an owner whose gateway is down can
 * still let a device in or shut one out. A gateway elsewhere, or one that refuses, is never gone around.
 */
export async function openDeviceDesk(invocation: Invocation): Promise<DeviceDesk> {
  try {
    const session = await openSession(invocation);
    return overGateway(session);
  } catch (error) {
    const isDown = error instanceof CommandError && error.exit === Exit.Unreachable;
    if (!isDown || invocation.has("url") || !(await isOwnGateway(invocation))) throw error;
    const { openStateFolder } = await import("./state-folder-desk.ts");
    return openStateFolder(statePathsOf(invocation));
  }
}

async function isOwnGateway(invocation: Invocation): Promise<boolean> {
  const { config } = await usableConfigOf(statePathsOf(invocation));
  return config.gateway.mode !== "remote";
}

function overGateway(session: GatewaySession): DeviceDesk {
  return {
    note: undefined,
    call: (method, params) => session.request(method, params) as Promise<never>,
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** What to call a device in a sentence: a name that its owner or the device itself chose, safe to show. */
export function nameOf(device: {
  readonly displayName?: string | undefined;
  readonly clientId?: string | undefined;
}): string {
  return printable(device.displayName ?? device.clientId ?? "the device");
}

/**
 * The paired device that a person means: its id, the beginning of it (six characters or more), or its name.
 * @throws {CommandError} naming the candidates when it could be several, or none.
 */
export function findDevice(paired: readonly PairedDevice[], words: string): PairedDevice {
  const wanted = words.trim().toLowerCase();
  const found = paired.filter(
    ({ deviceId, displayName }) =>
      deviceId === wanted ||
      (wanted.length >= 6 && deviceId.startsWith(wanted)) ||
      displayName?.toLowerCase() === wanted,
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = (found.length > 1 ? found : paired).map(({ deviceId, displayName }) =>
    `${deviceId.slice(0, 12)} ${displayName ?? ""}`.trim(),
  );
  throw new CommandError(
    "UNKNOWN_DEVICE",
    found.length > 1
      ? `"${words.slice(0, 80)}" could be several devices`
      : `no paired device is called "${words.slice(0, 80)}"`,
    {
      mend:
        names.length === 0
          ? "No device is paired yet: saltgate devices list"
          : `Paired: ${names.slice(0, 12).join(", ")}`,
    },
  );
}

/** The waiting request that a person means: its id, or the beginning of it (four characters or more). */
export function findRequest(pending: readonly PendingDevice[], words: string): PendingDevice {
  return findOne(pending, words, {
    isMeant: ({ requestId }, word) => meansId(word, requestId),
    idOf: ({ requestId }) => requestId,
    code: "UNKNOWN_REQUEST_ID",
    several: "requests",
    none: (word) => `no request "${word}" is waiting; it may have expired or been answered`,
    empty: "Nothing waits. Let the device try again, then: saltgate devices list",
  });
}

/** The role that is meant when none was named: the device's only one. */
export function roleOf(device: PairedDevice, named: string | undefined): string {
  const roles = device.roles ?? [];
  const [only] = roles;
  if (named !== undefined) return named;
  if (only !== undefined && roles.length === 1) return only;
  throw new CommandError("USAGE", `this device has the roles ${roles.join(" and ")}`, {
    mend: "Say which: --role operator, or --role node",
    exit: Exit.Usage,
  });
}
