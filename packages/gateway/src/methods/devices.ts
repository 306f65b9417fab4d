import { type Caller, type Forbidden, pairedSummary } from "@saltgate/pairing";
import type { CheckedParamsOf, ResultOf } from "@saltgate/protocol";
import { RequestError } from "../dispatch/outcome.ts";
import type { PairingPort } from "../pairing-port.ts";

type DeviceMethodName =
  | "device.pair.list"
  | "device.pair.approve"
  | "device.pair.reject"
  | "device.pair.remove"
  | "device.pair.rename"
  | "device.token.rotate"
  | "device.token.revoke";

/** Handlers about devices. They ask of their caller only what he holds, so that the command line can call them too. */
export type DeviceMethods = {
  readonly [M in DeviceMethodName]: (params: CheckedParamsOf<M>, caller: Caller) => Promise<ResultOf<M>>;
};

/** What an operator that named no scopes gets when its owner approves it without saying more. Never admin. */
const DEFAULT_GRANT = ["operator.read", "operator.write"] as const;

/** Handlers of the methods about devices. The pairing store decides; these put its answers into the protocol's words. */
export function deviceMethods(
  pairing: PairingPort,
  {
    removed,
  }: {
    /** Does what else has to be done when a device is gone. */ readonly removed: (deviceId: string) => Promise<void>;
  },
): DeviceMethods {
  return {
    "device.pair.list": async () => mutable(await pairing.list()),
    async "device.pair.approve"({ requestId, scopes }, caller) {
      const grantScopes = scopes ?? (await defaultGrant(pairing, requestId));
      const outcome = await pairing.approve({
        requestId,
        caller: callerOf(caller),
        ...(grantScopes && { grantScopes }),
      });
      if (outcome.type === "unknown-request") throw unknownRequest(requestId);
      if (outcome.type === "forbidden") throw forbidden(outcome);
      return { requestId, device: mutable(pairedSummary(outcome.device)) };
    },
    async "device.pair.reject"({ requestId }, caller) {
      const outcome = await pairing.reject({ requestId, caller: callerOf(caller) });
      if (outcome.type === "unknown-request") throw unknownRequest(requestId);
      if (outcome.type === "forbidden") throw forbidden(outcome);
      return { requestId, deviceId: outcome.deviceId };
    },
    async "device.pair.remove"({ deviceId }, caller) {
      const outcome = await pairing.remove({ deviceId, caller: callerOf(caller) });
      if (outcome.type === "unknown-device") throw unknownDevice("unknown deviceId");
      if (outcome.type === "forbidden") throw forbidden(outcome);
      await removed(deviceId);
      return { deviceId, removed: true };
    },
    async "device.pair.rename"({ deviceId, displayName }, caller) {
      const outcome = await pairing.rename({ deviceId, displayName, caller: callerOf(caller) });
      if (outcome.type === "unknown-device") throw unknownDevice("unknown deviceId");
      if (outcome.type === "forbidden") throw forbidden(outcome);
      return { deviceId, displayName: outcome.displayName };
    },
    async "device.token.rotate"({ deviceId, role, scopes }, caller) {
      const outcome = await pairing.rotate({ deviceId, role, caller: callerOf(caller), ...(scopes && { scopes }) });
      if (outcome.type === "unknown-device") throw unknownDevice("unknown deviceId/role");
      if (outcome.type === "forbidden") throw forbidden(outcome);
      return {
        deviceId,
        role,
        scopes: [...outcome.scopes],
        rotatedAtMs: outcome.rotatedAtMs,
        tokenDelivery: "withheld-cross-device",
      };
    },
    async "device.token.revoke"({ deviceId, role }, caller) {
      const outcome = await pairing.revoke({ deviceId, role, caller: callerOf(caller) });
      if (outcome.type === "unknown-device") throw unknownDevice("unknown deviceId/role");
      if (outcome.type === "forbidden") throw forbidden(outcome);
      return { deviceId, role, revokedAtMs: outcome.revokedAtMs };
    },
  };
}

/** Only what the pairing store shall know of a caller, who may be a whole peer. */
function callerOf({ deviceId, scopes }: Caller): Caller {
  return { deviceId, scopes };
}

async function defaultGrant(pairing: PairingPort, requestId: string): Promise<readonly string[] | undefined> {
  const { pending } = await pairing.list();
  const row = pending.find((request) => request.requestId === requestId);
  const namedNone = row !== undefined && row.roles?.includes("operator") === true && (row.scopes ?? []).length === 0;
  return namedNone && !row.isRepair ? DEFAULT_GRANT : undefined;
}

/** The same value under a type without `readonly`, as the protocol's results are written. Nobody changes it. */
type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

function mutable<T>(value: T): Mutable<T> {
  return value as Mutable<T>;
}

function unknownRequest(requestId: string): RequestError {
  return new RequestError(
    "UNKNOWN_REQUEST_ID",
    "unknown requestId: it may have expired, been answered, or been superseded by a newer one (saltgate devices list)",
    { details: { requestId } },
  );
}

function unknownDevice(message: string): RequestError {
  return new RequestError("UNKNOWN_DEVICE", `${message} (saltgate devices list)`);
}

const FORBIDDEN_MESSAGES = {
  "missing-scopes": "you can't grant what you don't hold",
  "not-own-device": "only an admin acts on other devices",
  "exceeds-request": "the device did not ask for that",
  "exceeds-approved": "the device is not approved for that",
} as const;

/** The refusal of an order that its caller may not give. */
export function forbidden({ reason, scopes }: Forbidden): RequestError {
  const list = scopes.length === 0 ? "" : `: ${scopes.join(", ")}`;
  if (reason === "not-own-device") return new RequestError("DEVICE_NOT_OWNED", FORBIDDEN_MESSAGES[reason]);
  return new RequestError("APPROVER_LACKS_SCOPE", `${FORBIDDEN_MESSAGES[reason]}${list}`, {
    details: { reason, scopes },
  });
}
