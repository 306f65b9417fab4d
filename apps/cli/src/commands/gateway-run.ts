import { nodeHost, runGateway } from "@saltgate/gateway/service";
import type { Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { VERSION } from "../version.ts";

/** Runs a gateway here, until it is stopped. */
export function run({ words }: Invocation): Promise<Exit> {
  return runGateway(
    words,
    nodeHost(VERSION, (name) => import(name)),
  );
}
