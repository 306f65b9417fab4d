import { readFile, statfs } from "node:fs/promises";
import { availableParallelism, freemem, loadavg, totalmem, uptime } from "node:os";
import type { NodeHostStats } from "@saltgate/protocol";

/** Where figures of a machine come from. */
export interface Machine {
  readonly uptime: () => number;
  readonly loadavg: () => readonly number[];
  readonly cpuCount: () => number;
  readonly totalmem: () => number;
  readonly freemem: () => number;
  readonly statfs: (path: string) => Promise<{ bsize: number; blocks: number; bavail: number }>;
  /** The text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  readonly platform: string;
}

/** This machine. */
export const thisMachine: Machine = {
  uptime,
  loadavg,
  cpuCount: availableParallelism,
  totalmem,
  freemem,
  statfs: (path) => statfs(path),
  readFile: (path) => readFile(path, "utf8"),
  platform: process.platform,
};

const THERMAL = "/sys/class/thermal/thermal_zone0/temp";

/**
 * How a machine is, for `node.presence.alive`. What it can't say is left out.
 * @param folder the disk is that of this folder.
 */
export async function readHostStats(machine: Machine, nowMs: number, folder?: string): Promise<NodeHostStats> {
  const [disk, temperatureCelsius] = await Promise.all([diskOf(machine, folder), temperatureOf(machine)]);
  return {
    ts: nowMs,
    uptimeSeconds: Math.round(machine.uptime()),
    // Windows has no such figure, and says 0.
    ...(machine.platform !== "win32" && {
      loadAverage: machine.loadavg().map((load) => Math.round(load * 100) / 100),
    }),
    cpuCount: machine.cpuCount(),
    memoryTotalBytes: machine.totalmem(),
    memoryFreeBytes: machine.freemem(),
    ...disk,
    ...(temperatureCelsius !== undefined && { temperatureCelsius }),
  };
}

async function diskOf(
  machine: Machine,
  folder: string | undefined,
): Promise<{ diskTotalBytes?: number; diskFreeBytes?: number }> {
  if (folder === undefined) return {};
  try {
    const { bsize, blocks, bavail } = await machine.statfs(folder);
    return { diskTotalBytes: bsize * blocks, diskFreeBytes: bsize * bavail };
  } catch {
    return {}; // not every file system says
  }
}

async function temperatureOf(machine: Machine): Promise<number | undefined> {
  try {
    const thousandths = Number.parseInt(await machine.readFile(THERMAL), 10);
    const celsius = thousandths / 1_000;
    return celsius > -100 && celsius < 200 ? Math.round(celsius * 10) / 10 : undefined;
  } catch {
    return undefined; // not every machine has one
  }
}
