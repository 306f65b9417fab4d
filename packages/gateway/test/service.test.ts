import { X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeConfig, defaultConfig } from "@saltgate/config";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "../src/index.ts";
import {
  certificateFingerprint,
  createLogSink,
  createSelfSignedCertificate,
  createTailscaleWhois,
  ExitCode,
  LogRedactor,
  loadTls,
  parseGatewayFlags,
  planStart,
  StartError,
  type StartInput,
  withStateLock,
} from "../src/service/index.ts";

/** A folder of its own, gone with the test. */
function folder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "saltgate-service-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function startInput(
  text: string,
  words: readonly string[] = [],
  change: Partial<StartInput> = {},
): Promise<StartInput> {
  const decoded = await decodeConfig(text, { fileName: "saltgate.json", env: {} });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
  return {
    flags: parseGatewayFlags(words),
    config: decoded.config,
    written: decoded.written,
    env: {},
    defaultPort: 18_789,
    ownAddresses: ["192.168.1.5"],
    ephemeralSecret: undefined,
    ...change,
  };
}

const withToken = '{gateway:{auth:{token:"a-secret-that-is-long-enough-to-be-one"}}}';

describe("service", () => {
  test("[cli:gateway-flags] service: an unknown flag, a missing value and a value that is no choice are usage errors", () => {
    for (const words of [["--prot", "1"], ["--port"], ["--bind", "everywhere"], ["--auth", "none"], ["extra"]]) {
      try {
        parseGatewayFlags(words);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(StartError);
        expect((error as StartError).exitCode).toBe(ExitCode.Usage);
      }
    }
  });

  test("[R-08] service: without a secret the gateway starts nowhere", async () => {
    for (const words of [[], ["--bind", "lan"], ["--auth", "password"]]) {
      const input = await startInput("{}", words);
      expect(() => planStart(input)).toThrow(/no (token|password) is set/);
    }
    expect(planStart(await startInput(withToken, ["--bind", "lan"]))).toMatchObject({
      required: ["0.0.0.0"],
      loopbackOnly: false,
    });
  });

  test("[R-08] service: a secret made for one run alone opens nothing beyond this machine", async () => {
    const input = await startInput("{}", ["--bind", "lan"], { ephemeralSecret: "made-for-this-run" });
    expect(() => planStart(input)).toThrow(/refusing to listen beyond this machine/);
    expect(planStart(await startInput("{}", [], { ephemeralSecret: "made-for-this-run" })).secretSource).toBe(
      "made for this run",
    );
  });

  test("[R-08] service: what can't be bound as asked is an error, never something wider", async () => {
    for (const words of [
      ["--bind", "tailnet"],
      ["--bind", "custom"],
    ]) {
      const input = await startInput(withToken, words);
      expect(() => planStart(input)).toThrow(StartError);
    }
  });

  test("[gateway:remote-mode] service: a machine that is set up for a gateway elsewhere runs none by accident", async () => {
    const text =
      '{gateway:{mode:"remote",remote:{url:"wss://gw.example"},auth:{token:"a-secret-that-is-long-enough-to-be-one"}}}';
    const input = await startInput(text);
    expect(() => planStart(input)).toThrow(/gateway elsewhere/);
    expect(planStart(await startInput(text, ["--allow-unconfigured"])).loopbackOnly).toBe(true);
  });

  test("[gateway:auth-sources] service: the flag wins over the file, the file over the environment, and the plan says which it was", async () => {
    const env = { SALTGATE_GATEWAY_TOKEN: "from-the-environment-from-the-environment" };
    expect(planStart(await startInput("{}", [], { env })).secretSource).toBe("environment SALTGATE_GATEWAY_TOKEN");
    expect(planStart(await startInput(withToken, [], { env })).secretSource).toBe("config gateway.auth.token");
    const byFlag = planStart(
      await startInput(withToken, ["--token", "from-the-flag-from-the-flag-from-the-flag"], { env }),
    );
    expect(byFlag.secretSource).toBe("flag --token");
    expect(byFlag.notes.join()).not.toContain("from-the");
  });

  test("[gateway:tls-certificate] service: a generated certificate is one that Node accepts, for these names, with the fingerprint that is pinned", () => {
    const { cert, key } = createSelfSignedCertificate(
      {
        commonName: "saltgate-gateway",
        dnsNames: ["localhost", "harbor.local"],
        ipAddresses: ["127.0.0.1", "::1", "fd7a:115c:a1e0::1"],
      },
      Date.UTC(2026, 0, 2),
    );
    const parsed = new X509Certificate(cert);
    expect(parsed.subject).toBe("CN=saltgate-gateway");
    expect(parsed.subjectAltName).toBe(
      "DNS:localhost, DNS:harbor.local, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FD7A:115C:A1E0:0:0:0:0:1",
    );
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.validFromDate.toISOString()).toBe("2026-01-01T00:00:00.000Z");
    expect(parsed.ca).toBe(false);
    expect(certificateFingerprint(cert)).toBe(parsed.fingerprint256.replaceAll(":", "").toLowerCase());
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test("[gateway:tls-files] service: certificate and key are made once, 0600, kept, and never half of them", async () => {
    using dir = folder();
    const paths = { tlsCertFile: join(dir.path, "tls", "cert.pem"), tlsKeyFile: join(dir.path, "tls", "key.pem") };
    const tls = { ...defaultConfig().gateway.tls, enabled: true };
    const machine = { hostName: "harbor", addresses: ["192.168.1.5"] };
    const made = await loadTls(tls, paths, machine, Date.now());
    expect((await loadTls(tls, paths, machine, Date.now())).fingerprint).toBe(made.fingerprint);
    for (const file of Object.values(paths)) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir.path, "tls")).mode & 0o777).toBe(0o700);
    rmSync(paths.tlsKeyFile);
    await expect(loadTls(tls, paths, machine, Date.now())).rejects.toThrow(/key\.pem is missing/);
    writeFileSync(
      paths.tlsKeyFile,
      createSelfSignedCertificate({ commonName: "x", dnsNames: [], ipAddresses: [] }, Date.now()).key,
    );
    await expect(loadTls(tls, paths, machine, Date.now())).rejects.toThrow(/can't be used together/);
    await expect(
      loadTls(
        { ...tls, autoGenerate: false },
        { tlsCertFile: join(dir.path, "no.pem"), tlsKeyFile: join(dir.path, "no.key") },
        machine,
        Date.now(),
      ),
    ).rejects.toThrow(StartError);
  });

  test("[R-19] service: known secrets, secret fields and what looks like a secret never reach a log line, from the first one on", () => {
    using dir = folder();
    const redactor = new LogRedactor([/order-\d+/g]);
    redactor.know(['quoted"secret\\x', "plain-secret-value"]);
    const console_: string[] = [];
    const file = join(dir.path, "logs", "x.log");
    const { logger, close } = createLogSink({
      redactor,
      consoleLevel: "debug",
      console: (text) => console_.push(text),
      readable: false,
      fileLevel: "info",
      file,
    });
    logger.info(
      { url: "ws://h/?token=abc123456", token: "x", nested: { authPassword: ["no", "x"], deviceToken: "t-t-t" } },
      'plain-secret-value and quoted"secret\\x',
    );
    logger.warn(
      {
        err: new Error("Authorization: Bearer abcdefghijk failed", { cause: new Error("SALTGATE_GATEWAY_TOKEN=abc") }),
      },
      "order-123 sk-abcdefghijklmnopqrstuv",
    );
    logger.debug({ argv: "--password hunter22" }, "123456789:AAabcdefghijklmnopqrstuvwxyz0123456");
    close();
    const text = console_.join("") + readFileSync(file, "utf8");
    for (const secret of [
      "abc123456",
      "t-t-t",
      "plain-secret-value",
      "quoted",
      "abcdefghijk",
      "order-123",
      "sk-abc",
      "hunter22",
      "AAabc",
      "TOKEN=abc",
    ]) {
      expect(text.includes(secret), secret).toBe(false);
    }
    for (const line of console_.join("").trimEnd().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(2);
  });

  test("[gateway:readable-logs] service: on a terminal a log line is time, level, message and fields", () => {
    const lines: string[] = [];
    const { logger, close } = createLogSink({
      redactor: new LogRedactor(),
      consoleLevel: "info",
      console: (text) => lines.push(text),
      readable: true,
      fileLevel: "silent",
      file: undefined,
    });
    logger.info({ port: 18_789 }, "listening");
    logger.debug({}, "not this");
    close();
    expect(lines).toHaveLength(1);
    expect(lines[0]?.replace(/\u001b\[\d+m/g, "")).toMatch(/^\d\d:\d\d:\d\d info {2}listening {2}port=18789\n$/);
  });

  test("[gateway:log-after-end] service: a line that comes after the log was closed is dropped, and fails nobody", () => {
    using dir = folder();
    const file = join(dir.path, "x.log");
    const { logger, close } = createLogSink({
      redactor: new LogRedactor(),
      consoleLevel: "silent",
      console: () => {},
      readable: false,
      fileLevel: "info",
      file,
    });
    logger.info({}, "before");
    close();
    logger.error({}, "after");
    expect(readFileSync(file, "utf8")).toMatch(/^[^\n]*before[^\n]*\n$/);
  });

  test.skipIf(!existsSync("/dev/full"))(
    "[gateway:log-full-disk] service: a log that can't be written for want of room fails nobody, and the console says so once",
    () => {
      const lines: string[] = [];
      const { logger, close } = createLogSink({
        redactor: new LogRedactor(),
        consoleLevel: "warn",
        console: (text) => lines.push(text),
        readable: false,
        fileLevel: "info",
        file: "/dev/full",
      });
      logger.info({}, "one");
      logger.error({}, "two");
      logger.error({}, "three");
      close();
      const said = lines
        .join("")
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { msg: string }).msg);
      const aboutTheFile = said.filter((msg) => /^the log file can't be written.*ENOSPC/.test(msg));
      expect(aboutTheFile).toHaveLength(1);
      expect(said.filter((msg) => !aboutTheFile.includes(msg))).toEqual(["two", "three"]);
    },
  );

  // What a peer says may stand in a line; read wrongly, each of these takes longer than a test may.
  test.each(['"token', '\\"token', "TOKEN", '"', ',"', "A_TOKEN_ "])(
    "[R-49] service: a line with a hundred thousand characters of %j is written without holding anybody up",
    (piece) => {
      const said = piece.repeat(100_000 / piece.length);
      const line = JSON.stringify({ msg: said, token: "s-e-c-r-e-t" });
      const clean = new LogRedactor().clean(line);
      expect(clean).toContain('"token":"[redacted]"');
      expect(clean).not.toContain("s-e-c-r-e-t");
      expect(new LogRedactor().clean(said)).not.toBe("");
    },
  );

  test("[R-19] service: the redactor never throws, and never lets a known secret through", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 6 }),
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        (secret, before, after) => {
          const redactor = new LogRedactor();
          redactor.know([secret]);
          const line = JSON.stringify({ msg: before + secret + after });
          const clean = redactor.clean(line);
          expect(clean.includes(JSON.stringify(secret).slice(1, -1)) && !"[redacted]".includes(secret)).toBe(false);
        },
      ),
    );
  });

  test("[gateway:tailscale] service: Tailscale is asked once a minute for an address, and again soon after it failed", async () => {
    let now = 0;
    const asked: string[] = [];
    const replies = ['{"UserProfile":{"LoginName":"mina@example.com"}}', "not json", "{}"];
    const whois = createTailscaleWhois(
      () => now,
      (_file, args) => {
        asked.push(args.join(" "));
        return Promise.resolve(replies[asked.length - 1] ?? "{}");
      },
    );
    expect(await whois("100.64.1.2")).toEqual({ login: "mina@example.com" });
    now = 59_000;
    expect(await whois("100.64.1.2")).toEqual({ login: "mina@example.com" });
    now = 61_000;
    await expect(whois("100.64.1.2")).rejects.toThrow();
    now = 67_000;
    expect(await whois("100.64.1.2")).toBeUndefined();
    expect(asked).toEqual(Array.from({ length: 3 }, () => "whois --json 100.64.1.2"));
  });

  test("[gateway:state-lock] service: one state has one gateway; the second is told which process holds it", async () => {
    using dir = folder();
    const lockFile = join(dir.path, "gateway.lock");
    await withStateLock(lockFile, false, systemClock, async () => {
      expect(statSync(lockFile).mode & 0o777).toBe(0o600);
      await expect(withStateLock(lockFile, false, systemClock, () => Promise.resolve())).rejects.toThrow(
        `process ${process.pid}`,
      );
    });
    expect(await withStateLock(lockFile, false, systemClock, () => Promise.resolve("free again"))).toBe("free again");
  });

  test("[gateway:state-lock] service: --force asks the gateway that holds the state to end, and takes its place", async () => {
    using dir = folder();
    const lockFile = join(dir.path, "gateway.lock");
    const signals: string[] = [];
    const { promise: asked, resolve: end } = Promise.withResolvers<void>();
    const first = withStateLock(lockFile, false, systemClock, () => asked);
    while (!statSync(lockFile, { throwIfNoEntry: false })) await new Promise((resolve) => setImmediate(resolve));
    const second = await withStateLock(
      lockFile,
      true,
      systemClock,
      () => Promise.resolve("second"),
      (pid, signal) => {
        signals.push(`${signal} ${pid}`);
        end();
        return true;
      },
    );
    await first;
    expect([second, signals]).toEqual(["second", [`SIGTERM ${process.pid}`]]);
  });

  test("[gateway:file-modes] service: a lock in a folder that others may read is still made 0600", async () => {
    using dir = folder();
    chmodSync(dir.path, 0o755);
    const lockFile = join(dir.path, "state", "gateway.lock");
    await withStateLock(lockFile, false, systemClock, async () =>
      expect(statSync(join(dir.path, "state")).mode & 0o777).toBe(0o700),
    );
  });
});
