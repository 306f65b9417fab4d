import { nodeHost, runGateway } from "@saltgate/gateway/service";

process.exitCode = await runGateway(process.argv.slice(3), nodeHost("0.1.0"));
