import { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { openDeviceDesk } from "../device-desk.ts";
import { answer } from "../output/answer.ts";
import { age, table } from "../output/table.ts";

/** Devices that wait for approval, and devices that are paired. */
export async function run(invocation: Invocation): Promise<Exit> {
  await using desk = await openDeviceDesk(invocation);
  const { pending, paired } = await desk.call("device.pair.list", {});
  answer(invocation, { pending, paired }, () => {
    const now = Date.now();
    const waiting = pending.map((row) => [
      row.requestId,
      row.displayName ?? row.clientId ?? "",
      row.deviceId.slice(0, 12),
      (row.roles ?? []).join(", "),
      (row.scopes ?? []).join(", ") || "(names none)",
      row.remoteIp ?? "",
      age(row.ts, now),
      row.isRepair === true ? "has been here" : "new",
    ]);
    const known = paired.map((row) => [
      row.deviceId.slice(0, 12),
      row.displayName ?? row.clientId ?? "",
      (row.roles ?? []).join(", "),
      (row.scopes ?? []).join(", "),
      (row.tokens ?? [])
        .map(
          ({ role, revokedAtMs, lastUsedAtMs }) =>
            `${role}${revokedAtMs !== undefined ? " (revoked)" : lastUsedAtMs === undefined ? "" : ` (${age(lastUsedAtMs, now)} ago)`}`,
        )
        .join(", ") || "none",
      row.platform ?? "",
    ]);
    const sections = [
      waiting.length > 0 &&
        `Waiting (${waiting.length})\n${table(["Request", "Name", "Device", "Role", "Asks for", "From", "Since", ""], waiting)}`,
      waiting.length > 0 && "Let one in: saltgate devices approve <request>",
      known.length > 0 &&
        `Paired (${known.length})\n${table(["Device", "Name", "Roles", "Scopes", "Token", "Platform"], known)}`,
      waiting.length === 0 &&
        known.length === 0 &&
        "No devices yet. A device that connects for the first time shows up here.",
    ];
    return sections.filter((section) => typeof section === "string").join("\n\n");
  });
  return Exit.Ok;
}
