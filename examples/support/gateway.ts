import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const command = join(import.meta.dirname, "../../apps/cli/bin/saltgate.mjs");

/** A gateway of its own for one story: on a free port of this machine, in a folder that is gone afterwards. */
export interface StoryGateway extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>` */
  readonly url: string;
  /** Its shared token, as the first start wrote it. */
  readonly token: string;
  /** Runs a `saltgate` command on the gateway's machine and gives what it prints. */
  saltgate(...words: string[]): Promise<string>;
  /** The gateway's address as somebody elsewhere sees it: through a proxy, from another address. */
  fromElsewhere(): Promise<string>;
}

/**
 * Starts `saltgate gateway` as its owner would: without any configuration, or with these settings in the section
 * `gateway` of one, and with these sections beside it.
 */
export async function startGateway(
  settings?: Readonly<Record<string, unknown>>,
  sections: Readonly<Record<string, unknown>> = {},
): Promise<StoryGateway> {
  const stateDir = await mkdtemp(join(tmpdir(), "saltgate-story-"));
  if (settings !== undefined) {
    const auth = { mode: "token", token: randomBytes(32).toString("base64url") };
    const config = { gateway: { mode: "local", auth, ...settings }, ...sections };
    await writeFile(join(stateDir, "saltgate.json"), JSON.stringify(config, null, 2), { mode: 0o600 });
  }
  const env = { ...process.env, SALTGATE_STATE_DIR: stateDir };
  const gateway = spawn(process.execPath, [command, "gateway", "--port", "0"], {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => gateway.once("exit", resolve));
  const proxies: { close(): void }[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: gateway.stdout }).on("line", (line) => {
      const entry: { msg?: string; port?: number } = JSON.parse(line);
      if (entry.msg === "listening" && entry.port !== undefined) resolve(entry.port);
    });
    gateway.once("exit", () => reject(new Error("the gateway ended before it listened")));
  });
  const url = `ws://127.0.0.1:${port}`;
  const config = await readFile(join(stateDir, "saltgate.json"), "utf8");
  const token = /"token": "([^"]+)"/.exec(config)?.[1] ?? "";
  return {
    url,
    token,
    saltgate: (...words) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [command, ...words, "--url", url], {
          env,
          stdio: ["ignore", "pipe", "inherit"],
        });
        let printed = "";
        child.stdout.on("data", (chunk) => {
          printed += String(chunk);
        });
        child.once("exit", (code) =>
          code === 0 ? resolve(printed) : reject(new Error(`saltgate ${words.join(" ")} ended with ${code}`)),
        );
      }),
    fromElsewhere: () =>
      new Promise((resolve) => {
        // What a reverse proxy does: it passes on what it gets, and says for whom.
        const proxy = createServer((client) => {
          const upstream = dial(port, "127.0.0.1");
          client.once("data", (head) => {
            upstream.write(String(head).replace("\r\n", "\r\nX-Forwarded-For: 203.0.113.9\r\n"));
            client.pipe(upstream).pipe(client);
          });
          client.on("error", () => upstream.destroy());
          upstream.on("error", () => client.destroy());
        });
        proxies.push(proxy);
        proxy.listen(0, "127.0.0.1", () => {
          const address = proxy.address();
          resolve(`ws://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
        });
      }),
    async [Symbol.asyncDispose]() {
      for (const proxy of proxies) proxy.close();
      gateway.kill("SIGTERM");
      await ended;
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
