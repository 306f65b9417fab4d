import { writeSync } from "node:fs";
import { homedir } from "node:os";
import type { HostProcess } from "./run-gateway.ts";

/**
 * The running Node process as a gateway's host. Signals that come while it stops are noted and change nothing.
 * @param importPackage imports what is installed beside the program: an import is looked for from where it stands
 */
export function nodeHost(version: string, importPackage: HostProcess["importPackage"]): HostProcess {
  return {
    env: process.env,
    homedir: homedir(),
    cwd: process.cwd(),
    stdout: (text) => void process.stdout.write(text),
    // At once, because the process may be about to end.
    stderr: (text) => void writeSync(2, text),
    readable: process.stdout.isTTY === true,
    onSignal(listener) {
      const stop = (): void => listener("stop");
      const restart = (): void => listener("restart");
      process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGUSR1", restart);
      return () => void process.off("SIGTERM", stop).off("SIGINT", stop).off("SIGUSR1", restart);
    },
    version,
    importPackage,
  };
}
