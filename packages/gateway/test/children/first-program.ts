import { nodeHost, runGateway } from "@saltgate/gateway/service";

// What is installed beside this program, channels and models among it, is looked for from here.
process.exitCode = await runGateway(
  ["--port", "18789"],
  nodeHost("1.0.0", (name) => import(name)),
);
