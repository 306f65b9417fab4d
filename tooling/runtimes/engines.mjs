// Brings the runtimes from the npm registry into .toolchain/runtimes, by the committed lockfile, once.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What npm passed down describes its own run; only what says where and how to fetch is of use. */
export function cleanEnvironment() {
  const kept = /^npm_config_(registry|cafile|ca|proxy|https_proxy|noproxy|cache|userconfig|globalconfig)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || kept.test(name)));
}

/** `npm install` in a folder, without any package's own scripts. */
export function npmInstall(folder, args = []) {
  const all = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error", ...args];
  const done = spawnSync("npm", all, { cwd: folder, env: cleanEnvironment(), encoding: "utf8" });
  if (done.status !== 0) throw new Error(`npm install failed in ${folder}: ${done.stderr || done.error?.message}`);
}

/** The runtimes of this machine, by name: the command and the arguments that come before a program's name. */
export function bringEngines(root) {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))
    throw new Error(
      `the runtimes are packaged for Linux on x64 and arm64, not for ${process.platform} on ${process.arch}`,
    );
  const folder = join(root, ".toolchain", "runtimes");
  const wanted = ["package.json", "package-lock.json"];
  const hash = createHash("sha256");
  for (const file of wanted) hash.update(readFileSync(join(import.meta.dirname, "engines", file)));
  const digest = hash.digest("hex");
  const stamp = join(folder, "stamp");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
    mkdirSync(folder, { recursive: true });
    for (const file of wanted) copyFileSync(join(import.meta.dirname, "engines", file), join(folder, file));
    npmInstall(folder);
    writeFileSync(stamp, digest);
  }
  const at = (...path) => join(folder, "node_modules", ...path);
  const { arch } = process;
  const node = (major) => ({ name: `Node ${major}`, command: at(`node${major}-${arch}`, "bin", "node"), args: [] });
  return [
    node(20),
    node(22),
    node(24),
    {
      name: "Bun",
      command: at("@oven", `bun-linux-${arch === "x64" ? "x64" : "aarch64"}`, "bin", "bun"),
      args: ["run"],
    },
    {
      name: "Deno",
      command: at("@deno", `linux-${arch}-glibc`, "deno"),
      // What a user of the SDK has to allow: the network, and the two variables of the program.
      args: ["run", "--no-prompt", "--node-modules-dir=manual", "--allow-net", "--allow-env", "--allow-read"],
    },
  ];
}
