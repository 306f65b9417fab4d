import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const repository = join(import.meta.dirname, "../../..");
/** Makes a program believe that it runs on an older Node. */
const pretend = (version: string): string =>
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`;

function run(file: string, version: string): Promise<{ readonly exit: unknown; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", pretend(version), join(repository, file), "--version"],
      (error, _, stderr) => resolve({ exit: error === null ? 0 : error.code, stderr }),
    );
  });
}

test.each(["apps/cli/bin/saltgate.mjs", "apps/gateway/bin/saltgate-gateway.mjs"])(
  "[cli:old-node] %s: on a Node that is too old it says which one it needs, and ends with 78",
  async (file) => {
    for (const version of ["18.20.0", "20.20.2", "22.17.1"]) {
      const { exit, stderr } = await run(file, version);
      expect(exit, version).toBe(78);
      expect(stderr).toContain(`Saltgate needs Node 22.18 or newer, and this is ${version}.`);
    }
  },
);
