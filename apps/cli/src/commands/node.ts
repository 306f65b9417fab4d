import { nodeServiceHost, runNodeService } from "@saltgate/node-host/service";
import type { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { nodeSurroundings } from "../node-surroundings.ts";
import { VERSION } from "../version.ts";

/** Runs this machine as a node, has it join a gateway, or says how it stands: what the small node app does too. */
export function run({ command, words }: Invocation): Promise<Exit> {
  const host = nodeServiceHost({ version: VERSION, command: "saltgate node", surroundings: nodeSurroundings });
  return runNodeService([command.replace("node ", ""), ...words], host);
}
