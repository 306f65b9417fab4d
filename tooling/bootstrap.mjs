// Runs a job of this repository on a machine that has nothing but Node 20 and npm. What is missing (a Node that the
// build tools accept, pnpm) comes from the npm registry into .toolchain/, by a committed lockfile; a machine that has
// both downloads nothing. Plain JavaScript with Node's own modules, because nothing is installed yet when it runs.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchain = join(root, ".toolchain");
const binaries = join(toolchain, "node_modules", ".bin");
const [job = "", ...args] = process.argv.slice(2);

/** Whether the build tools run on this version: 22.18 and newer of 22, 24.11 and newer of 24, and all from 26 on. */
function isGoodNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major >= 26;
}

/** What npm passed down describes its own run, and would confuse the package manager that runs next. */
function cleanEnvironment() {
  const kept = /^npm_config_(registry|cafile|ca|proxy|https_proxy|noproxy|cache|userconfig|globalconfig)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || kept.test(name)));
}

function run(command, commandArgs, env, options = {}) {
  const done = spawnSync(command, commandArgs, {
    cwd: root,
    env,
    // What a command prints is its own: what was built for it goes beside it.
    stdio: ["ignore", job === "saltgate" ? 2 : "inherit", "inherit"],
    shell: process.platform === "win32",
    ...options,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function digestOf(...files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Does `work` unless it was done for these very inputs already. */
function once(name, digest, work) {
  const stamp = join(toolchain, `${name}.stamp`);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  work();
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(stamp, digest);
}

function versionOf(command, env) {
  const asked = spawnSync(command, ["--version"], { env, encoding: "utf8", shell: process.platform === "win32" });
  return asked.status === 0 ? asked.stdout.trim() : "";
}

function bringTools(env) {
  const needsNode = !isGoodNode(process.version);
  const needsPnpm = !(Number.parseInt(versionOf("pnpm", env), 10) >= 11);
  if (!needsNode && !needsPnpm) return env;
  const hasPackagedNode =
    (process.platform === "linux" && ["x64", "arm64"].includes(process.arch)) ||
    (process.platform === "win32" && process.arch === "x64");
  if (needsNode && !hasPackagedNode) {
    console.error(
      `Saltgate needs Node 24 to build, and this is ${process.version}. Install it from https://nodejs.org, then try again.`,
    );
    process.exit(1);
  }
  const digest = `${needsNode} ${digestOf("tooling/toolchain/package.json", "tooling/toolchain/package-lock.json")}`;
  once("tools", digest, () => {
    console.error(
      `Fetching ${[needsPnpm && "pnpm", needsNode && "Node 24"].filter(Boolean).join(" and ")} from the npm registry, once…`,
    );
    mkdirSync(toolchain, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(root, "tooling/toolchain/package.json"), "utf8"));
    if (!needsNode) delete manifest.optionalDependencies;
    writeFileSync(join(toolchain, "package.json"), JSON.stringify(manifest, null, 2));
    if (needsNode)
      copyFileSync(join(root, "tooling/toolchain/package-lock.json"), join(toolchain, "package-lock.json"));
    run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], env, { cwd: toolchain });
  });
  return { ...env, PATH: `${binaries}${delimiter}${env.PATH ?? ""}` };
}

function install(env) {
  const digest = `${versionOf("node", env)} ${digestOf("pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json")}`;
  const installed = existsSync(join(root, "node_modules"));
  if (!installed) writeStampless("install");
  once("install", digest, () =>
    run("pnpm", ["install", "--frozen-lockfile", "--reporter=append-only", "--loglevel=warn"], env),
  );
}

/** A folder without node_modules is not installed, whatever a stamp says. */
function writeStampless(name) {
  if (existsSync(join(toolchain, `${name}.stamp`))) writeFileSync(join(toolchain, `${name}.stamp`), "");
}

// A command runs on what is there already: it must answer at once. In a clone where nothing was built yet, it is.
const bundle = join(root, "apps", "cli", "dist", "main.js");
const isCommand = job === "saltgate" && existsSync(bundle) && (isGoodNode(process.version) || existsSync(binaries));
const toolchainEnv = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ""}` };
const env = !isCommand ? bringTools(cleanEnvironment()) : isGoodNode(process.version) ? process.env : toolchainEnv;
if (!isCommand) install(env);

const jobs = {
  start: () => {
    run("pnpm", ["--silent", "build"], env);
    return ["node", [join("apps", "cli", "bin", "saltgate.mjs"), "gateway", ...args]];
  },
  test: () => ["node", [join("tooling", "test-all.mjs"), ...args]],
  saltgate: () => {
    if (!isCommand) run("pnpm", ["--silent", "build"], env);
    return ["node", [join("apps", "cli", "bin", "saltgate.mjs"), ...args]];
  },
};
const jobOf = Object.hasOwn(jobs, job) ? jobs[job] : undefined;
if (jobOf === undefined) {
  console.error(`usage: node tooling/bootstrap.mjs ${Object.keys(jobs).join("|")} [arguments]`);
  process.exit(2);
}
const [command, commandArgs] = jobOf();
const child = spawn(command, commandArgs, { cwd: root, env, stdio: "inherit", shell: process.platform === "win32" });
// A terminal sends its signals to the whole group; a supervisor sends them to this process alone. The child decides.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on("exit", (code, signal) =>
  process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0)),
);
