import { execFileSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Child } from "../../../tests/support/child.ts";
import { World } from "./world.ts";

const app = join(import.meta.dirname, "..");

test("[node-app:single-file] node app: it is one file that needs nothing beside it, and connects", async () => {
  execFileSync(process.execPath, ["../../tooling/bundle.mjs", "--single", "saltgate-node"], { cwd: app });
  expect(await readdir(join(app, "dist"))).toEqual(["saltgate-node.js"]);
  const folder = await mkdtemp(join(tmpdir(), "saltgate-alone-"));
  try {
    await mkdir(join(folder, "dist"));
    await mkdir(join(folder, "bin"));
    await copyFile(join(app, "dist/saltgate-node.js"), join(folder, "dist/saltgate-node.js"));
    await copyFile(join(app, "bin/saltgate-node.mjs"), join(folder, "bin/saltgate-node.mjs"));
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    const text = await readFile(join(folder, "dist/saltgate-node.js"), "utf8");
    const imported = [...text.matchAll(/\bfrom\s*"([^"]+)"|\bimport\s*\(\s*"([^"]+)"/g)].map(
      ([, a, b]) => a ?? b ?? "",
    );
    const foreign = imported.filter((name) => !builtinModules.includes(name.replace("node:", "")));
    expect(foreign).toEqual([]);
    // Nothing in it depends on the processor: the two native parts that `ws` would use are asked for, and not there.
    const required = [...text.matchAll(/\b__require\(\s*["'`]([^"'`]+)/g)].map(([, name = ""]) => name);
    expect(required.filter((name) => !builtinModules.includes(name.replace("node:", ""))).sort()).toEqual([
      "bufferutil",
      "utf-8-validate",
    ]);
    expect(text.match(/\bdlopen\b|\.node["'`]|\.wasm\b/g)).toBeNull();
    await using world = await World.start();
    await using node = new Child(
      process.execPath,
      [join(folder, "bin/saltgate-node.mjs"), "run", "--url", world.far.url],
      {
        env: world.sandbox.env,
      },
    );
    await node.until("it connected", ({ stderr }) => (stderr.includes("Connected") ? true : undefined));
    const { version } = JSON.parse(await readFile(join(app, "package.json"), "utf8")) as { version: string };
    expect(world.far.connects[0]?.client["version"]).toBe(version);
    node.signal("SIGTERM");
    expect(await node.ended()).toEqual({ code: 0, signal: null });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
