// Proves the packed SDK: packs protocol, identity and client, installs the tarballs in an empty folder outside the
// workspace, and runs the first program of the README there on every runtime that the README names, against a real
// gateway. One line for each. `--json FILE` leaves the counts for the test job.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundleForPages, findChromium, nodeImportsIn, servePage, watchPage } from "./chromium.mjs";
import { bringEngines, cleanEnvironment, npmInstall } from "./engines.mjs";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "saltgate-runtimes-"));
const token = randomBytes(32).toString("base64url");
const counts = { passed: 0, failed: 0 };

/** The last line of the first program, when everything in it went well. */
const DONE = /^protocol 4, healthy: true, here: [1-9]\d*$/;
const programTimeoutMs = 60_000;

async function step(title, work) {
  const startedAt = performance.now();
  try {
    const note = await work();
    counts.passed += 1;
    console.log(`ok   ${title}${note ? ` (${note})` : ""}, ${Math.round(performance.now() - startedAt)} ms`);
    return true;
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL ${title}: ${error.message}`);
    return false;
  }
}

/** The program exactly as the README shows it. */
function firstProgram() {
  const readme = readFileSync(join(root, "packages/client/README.md"), "utf8");
  const [, section = ""] = readme.split("## The first program");
  const [, program] = /```ts\n(.*?)```/s.exec(section) ?? [];
  if (program === undefined) throw new Error('packages/client/README.md has no program under "The first program"');
  return program;
}

function packAndInstall(folder) {
  const tarballs = join(scratch, "tarballs");
  mkdirSync(tarballs, { recursive: true });
  mkdirSync(folder, { recursive: true });
  const env = { ...cleanEnvironment(), PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` };
  const built = spawnSync("tsc", ["-b", "packages/client"], { cwd: root, env, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the packages don't build: ${built.stdout || built.error?.message}`);
  for (const name of ["protocol", "identity", "client"]) {
    const packed = spawnSync("pnpm", ["pack", "--pack-destination", tarballs], {
      cwd: join(root, "packages", name),
      env,
      encoding: "utf8",
    });
    if (packed.status !== 0) throw new Error(`${name} can't be packed: ${packed.stderr || packed.error?.message}`);
  }
  const files = readdirSync(tarballs).map((file) => join(tarballs, file));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "first-program", private: true, type: "module" }));
  npmInstall(folder, files);
}

async function startGateway(origin) {
  const args = ["--conditions=@saltgate/source", "--disable-warning=ExperimentalWarning", "gateway.mjs"];
  const child = spawn(process.execPath, [...args, join(scratch, "state"), origin], {
    cwd: import.meta.dirname,
    env: { ...process.env, SALTGATE_GATEWAY_TOKEN: token },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout });
  const said = () =>
    new Promise((resolve, reject) => {
      lines.once("line", (line) => resolve(JSON.parse(line)));
      void ended.then((code) => reject(new Error(`the gateway ended with ${code}`)));
    });
  const { port, tlsPort, impostorPort, fingerprint } = await said();
  return {
    url: `ws://127.0.0.1:${port}`,
    pinned: {
      GATEWAY_URL: `wss://127.0.0.1:${tlsPort}`,
      IMPOSTOR_URL: `wss://127.0.0.1:${impostorPort}`,
      FINGERPRINT: fingerprint,
      SALTGATE_GATEWAY_TOKEN: token,
    },
    toldTheImpostor: () => {
      child.stdin.write("impostor\n");
      return said();
    },
    approve: () => child.stdin.write("approve\n"),
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

function runProgram(engine, folder, program, variables) {
  const done = spawnSync(engine.command, [...engine.args, program], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: scratch, NO_COLOR: "1", ...variables },
    encoding: "utf8",
    timeout: programTimeoutMs,
  });
  if (done.status !== 0)
    throw new Error(
      `ended with ${done.status ?? done.signal}:\n${done.stdout}${done.stderr}${done.error?.message ?? ""}`,
    );
  return done.stdout.trim().split("\n");
}

let gateway;
let page;
try {
  const folder = join(scratch, "app");
  const engines = bringEngines(root);
  const isInstalled = await step("packed: protocol, identity and client install outside the workspace", () => {
    packAndInstall(folder);
    writeFileSync(join(folder, "program.mjs"), firstProgram());
    copyFileSync(join(import.meta.dirname, "pinned.mjs"), join(folder, "pinned.mjs"));
  });
  if (isInstalled) {
    let script = "";
    page = await servePage(() => script);
    gateway = await startGateway(page.origin);
    const variables = { SALTGATE_GATEWAY_URL: gateway.url, SALTGATE_GATEWAY_TOKEN: token };
    for (const engine of engines) {
      await step(`${engine.name}: the README's first program runs`, () => {
        const said = runProgram(engine, folder, "program.mjs", variables);
        if (!said.some((line) => DONE.test(line))) throw new Error(`it said ${said.join(", ")}`);
      });
      await step(`${engine.name}: a pinned certificate is recognised, and an impostor is told nothing`, async () => {
        const said = runProgram(engine, folder, "pinned.mjs", gateway.pinned).join(", ");
        if (said !== "pinned: protocol 4, healthy: true, impostor: TLS_PIN_MISMATCH")
          throw new Error(`it said ${said}`);
        const { told } = await gateway.toldTheImpostor();
        if (told !== "") throw new Error(`the impostor was told ${told.length} bytes`);
      });
    }
    await step("pages: the bundle for browsers imports nothing of Node", async () => {
      const chunk = await bundleForPages(join(folder, "program.mjs"), variables);
      script = chunk.code;
      const left = nodeImportsIn(chunk);
      if (left.length > 0) throw new Error(`it imports ${left.join(", ")}`);
      return `${Math.round(chunk.code.length / 1024)} KiB unminified`;
    });
    await step("Chromium: the README's first program runs, after the owner approved the page's device", async () => {
      const seen = [];
      await watchPage(findChromium(), page.origin, {
        timeoutMs: programTimeoutMs,
        isDone: (line) => DONE.test(line),
        onLine: (line) => {
          seen.push(line);
          if (line === "waiting") gateway.approve();
        },
      });
      if (!seen.includes("waiting")) throw new Error("a web page was let in without its owner's approval");
    });
  }
} catch (error) {
  counts.failed += 1;
  console.log(`FAIL runtimes: ${error.message}`);
} finally {
  await gateway?.stop();
  await page?.close();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

console.log(`${counts.passed} passed, ${counts.failed} failed`);
const out = process.argv.indexOf("--json");
if (out !== -1) writeFileSync(process.argv[out + 1], JSON.stringify(counts));
process.exit(counts.failed === 0 ? 0 : 1);
