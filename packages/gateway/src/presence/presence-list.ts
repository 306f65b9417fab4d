import { LIMITS, type PresenceEntry } from "@saltgate/protocol";
import type { Peer } from "../connection/peer.ts";
import { parsePresenceLine } from "./presence-line.ts";

/** What a `system-event` says of a device. */
export interface PresenceReport extends Partial<Omit<PresenceEntry, "ts" | "text">> {
  readonly text: string;
}

/** What a `system-event` came to. */
export interface PresenceUpdate {
  /** What to tell the main session, if anything. */
  readonly systemEvent: string | undefined;
}

/**
 * Who is here: the gateway itself, devices and clients, one row each. Keyed by device, so that the operator and the
 * node of one device are one row. Bounded by age and number; connections that are open are kept fresh.
 */
export class PresenceList {
  readonly #rows = new Map<string, PresenceEntry>();
  readonly #self: () => PresenceEntry;
  readonly #now: () => number;
  #version = 1;

  /** @param self describes the gateway itself, afresh at every listing. */
  constructor(self: () => PresenceEntry, now: () => number) {
    this.#self = self;
    this.#now = now;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Notes that a peer came. Command lines come and go too often to be shown. */
  join(peer: Peer): boolean {
    if (peer.client.mode === "cli") return false;
    this.#put(keyOf(peer), { ...rowOf(peer), reason: "connect", ts: this.#now() });
    return true;
  }

  /** Notes that a peer went. `isStillHere` says whether it is here over another connection. */
  leave(peer: Peer, isStillHere: () => boolean): boolean {
    if (peer.client.mode === "cli") return false;
    const key = keyOf(peer);
    const row = this.#rows.get(key);
    if (row === undefined || isStillHere()) return false;
    this.#put(key, { ...row, reason: "disconnect", ts: this.#now() });
    return true;
  }

  /** Keeps the row of an open connection from growing old. Changes nothing that a reader would have to be told. */
  refresh(peer: Peer): void {
    const row = this.#rows.get(keyOf(peer));
    if (row !== undefined) row.ts = this.#now();
  }

  /** Takes in what a client reports. Explicit values win over those in the text, and those over what was known. */
  report(report: PresenceReport): PresenceUpdate {
    const line = parsePresenceLine(report.text);
    const { text, ...explicit } = report;
    const key = normalKey(report.deviceId ?? report.instanceId ?? line?.host ?? line?.ip ?? text.slice(0, 64));
    const before = this.#rows.get(key);
    const given = Object.fromEntries(Object.entries(explicit).filter(([, value]) => value !== undefined));
    const row: PresenceEntry = { ...before, ...line, ...given, text, ts: this.#now() };
    row.roles = union(before?.roles, report.roles);
    row.scopes = union(before?.scopes, report.scopes);
    this.#put(key, dropUndefined(row));
    return { systemEvent: line === undefined ? text : changedParts(before, row) };
  }

  /** All rows, newest first. Old ones are gone. */
  list(): PresenceEntry[] {
    const now = this.#now();
    for (const [key, row] of this.#rows) if (now - row.ts > LIMITS.presenceTtlMs) this.#rows.delete(key);
    return [this.#self(), ...this.#rows.values()].sort((a, b) => b.ts - a.ts).slice(0, LIMITS.maxPresenceEntries);
  }

  /** How many rows are kept besides the gateway's own. */
  get size(): number {
    return this.#rows.size;
  }

  #put(key: string, row: PresenceEntry): void {
    const before = this.#rows.get(key);
    // Put anew at the end, so that the map's order is the order of change and the oldest is first.
    this.#rows.delete(key);
    this.#rows.set(key, { ...row, ...unions(before, row) });
    if (this.#rows.size >= LIMITS.maxPresenceEntries) {
      const oldest = this.#rows.keys().next();
      if (!oldest.done) this.#rows.delete(oldest.value);
    }
    this.#version += 1;
  }
}

function normalKey(key: string): string {
  return key.trim().toLowerCase();
}

/** The row that a peer's connections share. */
export function keyOf(peer: Peer): string {
  return normalKey(peer.deviceId ?? peer.client.instanceId ?? peer.connId);
}

function rowOf(peer: Peer): Omit<PresenceEntry, "ts"> {
  const host = peer.client.displayName ?? peer.client.id;
  return dropUndefined({
    host,
    ip: peer.remoteIp,
    version: peer.client.version,
    platform: peer.client.platform,
    deviceFamily: peer.client.deviceFamily,
    modelIdentifier: peer.client.modelIdentifier,
    mode: peer.client.mode,
    deviceId: peer.deviceId,
    roles: [peer.role],
    scopes: [...peer.scopes],
    instanceId: peer.deviceId ?? peer.client.instanceId,
    text: `Node: ${host} · mode ${peer.client.mode}`,
  });
}

function union(a: readonly string[] | undefined, b: readonly string[] | undefined): string[] | undefined {
  const all = [...new Set([...(a ?? []), ...(b ?? [])])];
  return all.length === 0 ? undefined : all;
}

function unions(a: PresenceEntry | undefined, b: PresenceEntry): Partial<PresenceEntry> {
  const roles = union(a?.roles, b.roles);
  const scopes = union(a?.scopes, b.scopes);
  return { ...(roles && { roles }), ...(scopes && { scopes }) };
}

function dropUndefined<T extends object>(row: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as T;
}

/** The parts of a presence line that a reader would want to hear of; `undefined` when it says nothing new. */
function changedParts(before: PresenceEntry | undefined, after: PresenceEntry): string | undefined {
  const periodic = after.reason === undefined || after.reason.startsWith("periodic") || after.reason === "heartbeat";
  const parts = [
    after.host !== before?.host && after.host !== undefined && `Node: ${after.host}`,
    after.ip !== before?.ip && after.ip !== undefined && `ip ${after.ip}`,
    after.version !== before?.version && after.version !== undefined && `app ${after.version}`,
    after.mode !== before?.mode && after.mode !== undefined && `mode ${after.mode}`,
    !periodic && after.reason !== before?.reason && `reason ${after.reason}`,
  ].filter((part) => typeof part === "string");
  return parts.length === 0 ? undefined : parts.join(" · ");
}
