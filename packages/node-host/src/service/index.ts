export { ExitCode } from "./exit-codes.ts";
export { NODE_FLAGS } from "./node-flags.ts";
export type { KnownGateway, NodeCredentials, NodeServiceHost, NodeSurroundings } from "./node-service-host.ts";
export { nodeServiceHost } from "./node-service-process.ts";
export { runNodeService } from "./run-node-service.ts";
