import { isSecretDigest } from "@saltgate/identity";
import type { DocumentShape } from "@saltgate/store";
import { objectOf, type Row, rowsOf, textOf, textsOf, timeOf } from "../row-reading.ts";
import type { DeviceInvite, DeviceInvitesState } from "./records.ts";

/** The shape of `devices/invites`. A malformed row refuses the file (rule R-57). */
export const deviceInvitesShape: DocumentShape<DeviceInvitesState> = {
  parse: (json) => rowsOf(json, "inviteId", inviteRow),
  empty: () => ({}),
};

function inviteRow(row: Row): DeviceInvite {
  const { boundTo, completed } = row;
  return {
    ...row,
    ...(row["label"] !== undefined && { label: textOf(row, "label") }),
    inviteId: textOf(row, "inviteId"),
    code: codeOf(row),
    role: textOf(row, "role"),
    scopes: textsOf(row, "scopes"),
    createdAtMs: timeOf(row, "createdAtMs"),
    expiresAtMs: timeOf(row, "expiresAtMs"),
    ...(boundTo !== undefined && { boundTo: boundRow(objectOf(boundTo, "boundTo")) }),
    ...(completed !== undefined && { completed: completedRow(objectOf(completed, "completed")) }),
  };
}

function codeOf(row: Row): DeviceInvite["code"] {
  const code = textOf(row, "code");
  // A code in clear was never written by anybody: it isn't taken over.
  if (!isSecretDigest(code)) throw new TypeError(`Expected "code" to be a digest.`);
  return code;
}

function boundRow(row: Row): Required<DeviceInvite>["boundTo"] {
  return { deviceId: textOf(row, "deviceId"), publicKey: textOf(row, "publicKey"), atMs: timeOf(row, "atMs") };
}

function completedRow(row: Row): Required<DeviceInvite>["completed"] {
  return {
    deviceId: textOf(row, "deviceId"),
    ...(row["displayName"] !== undefined && { displayName: textOf(row, "displayName") }),
    atMs: timeOf(row, "atMs"),
  };
}
