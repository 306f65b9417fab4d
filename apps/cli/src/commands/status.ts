import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { type GatewaySession, openSession, targetOf } from "../gateway-session.ts";
import { answer } from "../output/answer.ts";
import { age, count, table } from "../output/table.ts";
import { VERSION } from "../version.ts";

/** The gateway at a glance: who answers, how this command gets in, who is there. */
export async function run(invocation: Invocation): Promise<Exit> {
  const target = await targetOf(invocation);
  const how = {
    command: VERSION,
    url: target.url,
    urlFrom: target.urlSource,
    tokenFrom: target.tokenSource ?? null,
    passwordFrom: target.passwordSource ?? null,
    conflicts: target.conflicts,
  };
  const howLines = [
    ["This command", VERSION],
    ["Gateway", `${target.url}  (${target.urlSource})`],
    [
      "Secret",
      target.token !== undefined
        ? `token from ${target.tokenSource}`
        : target.password !== undefined
          ? `password from ${target.passwordSource}`
          : "none; only this device's own token, if it has one",
    ],
    ...target.conflicts.map((conflict) => ["Note", conflict]),
  ];
  let session: GatewaySession;
  try {
    session = await openSession(invocation, target);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { code, message, mend } = error;
    answer(invocation, { ok: false, ...how, error: { code, message, ...(mend !== undefined && { mend }) } }, () =>
      [
        ...howLines.map(([key = "", value = ""]) => `${key.padEnd(13)} ${value}`),
        `${"State".padEnd(13)} ${message}`,
        ...(mend === undefined ? [] : ["", mend]),
      ].join("\n"),
    );
    return error.exit;
  }
  await using open = session;
  const [status, health, presence, devices] = await Promise.all([
    open.request("status", {}),
    open.request("health", {}),
    open.request("system-presence", {}),
    devicesOf(open),
  ]);
  const { hello } = open;
  const value = {
    ok: true,
    ...how,
    protocol: hello.protocol,
    gateway: status,
    health,
    presence,
    devices: devices ?? null,
  };
  answer(invocation, value, () => {
    const now = Date.now();
    const lines = [
      ...howLines,
      [
        "State",
        `${health.phase ?? (health.ok ? "ready" : "not ok")}, version ${status.version ?? hello.server.version}, up ${age(now - (status.uptimeMs ?? 0), now)}, protocol ${hello.protocol}`,
      ],
      [
        "Connections",
        health.connections === undefined
          ? "unknown"
          : `${count(health.connections.operators, "operator")}, ${count(health.connections.nodes, "node")}`,
      ],
      [
        "Devices",
        devices === undefined
          ? "can't be read; see the problem below"
          : `${devices.paired} paired, ${devices.pending} waiting${devices.pending > 0 ? "  (saltgate devices list)" : ""}`,
      ],
      ...(health.problems ?? []).map((problem) => ["Problem", problem]),
    ];
    const here = presence.map((entry) => [
      entry.host ?? entry.deviceId ?? "?",
      entry.mode ?? "",
      entry.platform ?? "",
      entry.version ?? "",
      entry.reason ?? "",
      age(entry.ts, now),
    ]);
    return `${lines.map(([key = "", text = ""]) => `${key.padEnd(13)} ${text}`).join("\n")}\n\n${table(["Here", "Mode", "Platform", "Version", "Last", "Ago"], here)}`;
  });
  return Exit.Ok;
}

/** How many devices there are; `undefined` while their files are damaged, which is what the health tells. */
async function devicesOf(session: GatewaySession): Promise<{ pending: number; paired: number } | undefined> {
  try {
    const { pending, paired } = await session.request("device.pair.list", {});
    return { pending: pending.length, paired: paired.length };
  } catch (error) {
    if (error instanceof CommandError && error.code === "STORE_UNAVAILABLE") return undefined;
    throw error;
  }
}
