import { nodeHost, runGateway } from "@saltgate/gateway/service";

declare const __SALTGATE_VERSION__: string | undefined;
const version = typeof __SALTGATE_VERSION__ === "string" ? __SALTGATE_VERSION__ : "0.0.0-source";

// The gateway as a service, for containers and service managers: what `saltgate gateway` runs, without the command
// line around it. Takes the same flags.
process.exitCode = await runGateway(
  process.argv.slice(2),
  nodeHost(version, (name) => import(name)),
);
