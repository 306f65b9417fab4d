import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeState } from "./state-folder.ts";

test("[exec:no-lost-change] approvals: what two processes change at once is all there afterwards", async () => {
  const { approvals, names, path } = await makeState();
  const program = join(import.meta.dirname, "children/allow-many.ts");
  const children = ["one", "two"].map((name) =>
    spawn(
      process.execPath,
      ["--conditions=@saltgate/source", "--disable-warning=ExperimentalWarning", program, path, name, "40"],
      {
        stdio: ["ignore", "inherit", "inherit"],
      },
    ),
  );
  // A third writer meanwhile, here: whoever read an older content is refused, and loses nobody's change.
  let refused = 0;
  const ended = Promise.all(children.map((child) => once(child, "exit")));
  let isRunning = true;
  void ended.then(() => {
    isRunning = false;
  });
  while (isRunning) {
    const { exists, file, hash } = await approvals.read();
    await new Promise((turn) => setImmediate(turn));
    const baseHash = exists ? { baseHash: hash } : {};
    await approvals.set({ file, ...baseHash }).catch((error: { code?: string }) => {
      expect(["changed", "base-hash-required"]).toContain(error.code);
      refused += 1;
    });
  }
  expect(await ended).toEqual([
    [0, null],
    [0, null],
  ]);
  const { file } = await approvals.read();
  for (const name of ["one", "two"]) {
    const list = file.agents![name]!.allowlist!;
    expect(list.map(({ pattern }) => pattern)).toEqual(Array.from({ length: 40 }, (_, at) => `/${name}/${at}`));
    expect(list.every(({ lastUsedCommand }) => lastUsedCommand === "x")).toBe(true);
  }
  expect(refused).toBeGreaterThan(0);
  expect(await names()).toEqual(["exec-approvals.json"]);
});
