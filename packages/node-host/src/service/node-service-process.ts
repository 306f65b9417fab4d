import { writeSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { text } from "node:stream/consumers";
import type { NodeServiceHost } from "./node-service-host.ts";

/** The running process as the host of a node's commands. */
export function nodeServiceHost(
  options: Pick<NodeServiceHost, "version" | "command" | "surroundings">,
): NodeServiceHost {
  return {
    env: process.env,
    homedir: homedir(),
    hostname: hostname(),
    stdout: (line) => void process.stdout.write(line),
    // At once, because the process may be about to end.
    stderr: (line) => void writeSync(2, line),
    stdin: () => text(process.stdin),
    onStop: (listener) => void process.on("SIGTERM", listener).on("SIGINT", listener),
    ...options,
  };
}
