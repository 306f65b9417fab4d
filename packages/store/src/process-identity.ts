import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Who holds a lock, so that others can tell whether that process still lives. Strings are empty where the system doesn't say. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start of the process in clock ticks since boot: a reused pid has another one. Linux only. */
  readonly startTime: string;
  readonly host: string;
  /** Changes with every boot. Linux only. */
  readonly boot: string;
  /** Pids mean something within one pid namespace only: containers that share a folder don't share it. Linux only. */
  readonly namespace: string;
}

/** `unknown`: it may run on another host or in another container, or pids alone can't tell. */
export type Liveness = "alive" | "dead" | "unknown";

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return ""; // not Linux, or /proc isn't mounted
  }
}

/** Start time of a process (field 22 of /proc/<pid>/stat), or "" when the system doesn't tell. */
function startTimeOf(pid: number): string {
  return orEmpty(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in parentheses and may itself contain spaces and parentheses.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  });
}

/** The identity of the running process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    host: hostname(),
    boot: orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    namespace: orEmpty(() => readlinkSync("/proc/self/ns/pid")),
  };
}

/** Whether the process `other` still runs, as far as `own` can tell. */
export function livenessOf(other: ProcessIdentity, own: ProcessIdentity): Liveness {
  if (other.host !== own.host) return "unknown";
  if (other.boot !== own.boot) return "dead";
  if (other.namespace !== own.namespace) return "unknown";
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "dead";
    // EPERM: there is such a process, it is only somebody else's
  }
  const startTime = startTimeOf(other.pid);
  if (startTime === "" || other.startTime === "") return "unknown";
  return startTime === other.startTime ? "alive" : "dead";
}
