import { nodeServiceHost, runNodeService } from "@saltgate/node-host/service";
import { surroundings } from "./surroundings.ts";

declare const __SALTGATE_VERSION__: string | undefined;
const version = typeof __SALTGATE_VERSION__ === "string" ? __SALTGATE_VERSION__ : "0.0.0-source";

process.exitCode = await runNodeService(
  process.argv.slice(2),
  nodeServiceHost({ version, command: "saltgate-node", surroundings }),
);
