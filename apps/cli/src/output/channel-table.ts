import type { AccountSnapshot, ResultOf } from "@saltgate/protocol";
import { printable } from "./printable.ts";
import { age, table } from "./table.ts";

const textIn = (value: unknown): string => (typeof value === "string" ? value : "");
const fieldsIn = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** How an account is, in one word. */
export function accountState({ configured, connected, enabled, health, running }: AccountSnapshot): string {
  if (enabled === false) return "disabled";
  if (configured === false) return "not set up";
  if (typeof health === "string") return health;
  if (running !== true) return "stopped";
  return connected === true ? "connected" : "starting";
}

/** What the platform answered when it was asked who we are; nothing when it wasn't. */
function probeWords(probe: unknown): string {
  const { details, elapsedMs, error, ok } = fieldsIn(probe);
  if (ok === undefined) return "";
  if (ok !== true) return `refused: ${textIn(error) || "no reason given"}`;
  const { username } = fieldsIn(fieldsIn(details)["bot"]);
  return `${textIn(username) === "" ? "answers" : `@${textIn(username)}`} (${Math.round(Number(elapsedMs))} ms)`;
}

/** Channels and their accounts, as a gateway tells of them. */
export function channelsText(status: ResultOf<"channels.status">, nowMs: number): string {
  const { channelAccounts, channelLabels, channelOrder, warnings = [] } = status;
  const accounts = channelOrder.flatMap((channel) =>
    (channelAccounts[channel] ?? []).map((account) => ({ label: channelLabels[channel] ?? channel, account })),
  );
  const rows = accounts.map(({ account, label }) => [
    label,
    account.name ?? account.accountId,
    accountState(account),
    account.lastConnectedAt == null ? "" : `${age(account.lastConnectedAt, nowMs)} ago`,
    account.mode ?? "",
    account.tokenSource ?? "",
    account.dmPolicy ?? "",
    probeWords(account.probe),
  ]);
  const troubles = accounts.flatMap(({ account, label }) => {
    const said = account.lastError ?? "";
    if (said === "" || account.connected === true) return [];
    const fix = textIn(account["fix"]);
    return [`${label} ${account.accountId}: ${said}${fix === "" ? "" : ` ${fix}`}`];
  });
  const hasProbes = accounts.some(({ account }) => account.probe !== undefined);
  const headings = ["Channel", "Account", "State", "Connected", "Mode", "Token from", "Private"];
  const parts = [
    rows.length === 0
      ? "No channel runs in this gateway. Add one: saltgate channels add telegram"
      : table(hasProbes ? [...headings, "Probe"] : headings, hasProbes ? rows : rows.map((row) => row.slice(0, -1))),
    [...troubles, ...warnings].map(printable).join("\n"),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
