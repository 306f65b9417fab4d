// Runs the first program in Chromium: bundled for browsers, served from loopback, with its own profile.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where Chromium is; installs Debian's when it is missing and this machine lets us. */
export function findChromium() {
  const found = PLACES.find(existsSync);
  if (found !== undefined) return found;
  const command = "apt-get install -y --no-install-recommends chromium";
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore", env });
    spawnSync("apt-get", command.split(" ").slice(1), { stdio: "ignore", env });
  }
  const installed = PLACES.find(existsSync);
  if (installed === undefined) throw new Error(`Chromium is missing; install it with: sudo ${command}`);
  return installed;
}

/** The program and everything that it needs as one script for a page. */
export async function bundleForPages(program, variables) {
  const define = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [`process.env.${name}`, JSON.stringify(value)]),
  );
  const bundle = await rolldown({ input: program, platform: "browser", transform: { define }, logLevel: "warn" });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  await bundle.close();
  return output[0];
}

/** What of Node is left in a bundle. */
export function nodeImportsIn({ imports, dynamicImports, code }) {
  const written = [...code.matchAll(/(?:from|import|require)\s*\(?\s*["'](node:[^"']+|ws|module|fs|crypto)["']/g)];
  return [...new Set([...imports, ...dynamicImports, ...written.map(([, name]) => name)])];
}

/** Serves one page that runs `script()`. Listens before it is asked for the script, because the gateway wants its origin. */
export async function servePage(script) {
  const server = createServer((request, response) => {
    const isScript = request.url === "/program.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(
      isScript ? script() : '<!doctype html><title>Saltgate</title><script type="module" src="/program.js"></script>',
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Opens the page and hands its lines over until `isDone` says so of one, or the page fails. */
export async function watchPage(executablePath, url, { onLine, isDone, timeoutMs }) {
  const { chromium } = await import("playwright-core");
  const profile = mkdtempSync(join(tmpdir(), "saltgate-chromium-"));
  let context;
  let timer;
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: FLAGS,
      headless: true,
      env: { ...process.env, LANG: "C.UTF-8" },
    });
    const page = await context.newPage();
    await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the page was not done within ${timeoutMs} ms`)), timeoutMs);
      page.on("pageerror", reject);
      page.on("console", (message) => {
        onLine(message.text());
        if (isDone(message.text())) resolve();
      });
      page.goto(url).catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await context?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
