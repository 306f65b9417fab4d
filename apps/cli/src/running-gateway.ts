import type { StatePaths } from "@saltgate/config";
import { FileLock, nodeFileSystem } from "@saltgate/store";

/** The process of the gateway that runs on the state of this machine; undefined when none does. */
export async function runningGateway({ lockFile }: Pick<StatePaths, "lockFile">): Promise<number | undefined> {
  return (await new FileLock({ fileSystem: nodeFileSystem }).livingHolder(lockFile))?.pid;
}
