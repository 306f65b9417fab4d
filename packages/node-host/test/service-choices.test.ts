import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientError, GatewayError } from "@saltgate/client";
import { encodeSetupCode } from "@saltgate/identity";
import { describe, expect, test } from "vitest";
import { approveCommand, connectionWords } from "../src/service/connection-words.ts";
import { chooseGateway } from "../src/service/gateway-choice.ts";
import { setupCodeIn } from "../src/service/join-node.ts";
import { parseNodeFlags } from "../src/service/node-flags.ts";
import { readNodeSettings, writeNodeSettings } from "../src/service/node-settings.ts";

const PIN = "ab".repeat(32);
const own = { url: "ws://127.0.0.1:18789", source: "default" };
const saved = { host: "gw.lan", port: 18_789, tls: true, tlsFingerprint: PIN };
const none = { url: undefined, host: undefined, port: undefined, tls: false, tlsFingerprint: undefined };

describe("gateway choice", () => {
  test("gateway choice: without a word it is the remembered one, else the machine's own", () => {
    expect(chooseGateway(none, undefined, own)).toEqual({ ...own, toSave: undefined });
    expect(chooseGateway(none, saved, own)).toEqual({
      url: "wss://gw.lan:18789",
      tlsFingerprint: PIN,
      source: "node.json",
      toSave: undefined,
    });
  });

  test("gateway choice: what the command line says counts and is remembered", () => {
    expect(chooseGateway({ ...none, url: "wss://gw.example/saltgate" }, saved, own)).toEqual({
      url: "wss://gw.example:443/saltgate",
      tlsFingerprint: undefined,
      source: "flag --url",
      toSave: { host: "gw.example", port: 443, tls: true, path: "/saltgate" },
    });
    expect(chooseGateway({ ...none, host: "::1", port: 9 }, undefined, own).url).toBe("ws://[::1]:9");
    expect(chooseGateway({ ...none, tlsFingerprint: PIN }, undefined, own).url).toBe("wss://127.0.0.1:18789");
  });

  test("[R-51] gateway choice: a remembered pin never follows to another place", () => {
    const elsewhere = chooseGateway({ ...none, host: "other.lan" }, saved, own);
    expect(elsewhere).toMatchObject({ url: "ws://other.lan:18789", tlsFingerprint: undefined });
    expect(elsewhere.toSave).not.toHaveProperty("tlsFingerprint");
    expect(chooseGateway({ ...none, host: "gw.lan" }, saved, own).tlsFingerprint).toBe(PIN);
  });

  test.each(["http//x", "ftp://h:1", "ws://user:s3cret@h:1", "ws://h:1?token=s3cret", "ws://h:1#s3cret"])(
    "gateway choice: %j is no gateway's address, and is not repeated",
    (url) => {
      expect(() => chooseGateway({ ...none, url }, undefined, own)).toThrow(/^(?!.*s3cret).*must be like ws:/);
    },
  );
});

describe("node flags", () => {
  test.each([
    [["--no-such-flag"]],
    [["--port", "0"]],
    [["--port", "70000"]],
    [["--tls-fingerprint", "abc"]],
    [["--url", "ws://h:1", "--port", "2"]],
    [["--display-name="]],
  ])("node flags: %j are off", (words) => {
    expect(() => parseNodeFlags(words)).toThrow(expect.objectContaining({ code: "USAGE", exitCode: 2 }));
  });

  test("node flags: secrets have no flag, and are told where they belong", () => {
    expect(() => parseNodeFlags(["--token", "s3cret"])).toThrow(/^(?!.*s3cret).*SALTGATE_GATEWAY_TOKEN/);
    expect(() => parseNodeFlags(["--password=s3cret"])).toThrow(/^(?!.*s3cret).*SALTGATE_GATEWAY_PASSWORD/);
  });

  test("node flags: a fingerprint may be written as tools print it", () => {
    const printed = "AB:".repeat(32).slice(0, -1);
    expect(parseNodeFlags(["--tls-fingerprint", printed]).tlsFingerprint).toBe(PIN);
  });
});

describe("setup code", () => {
  const code = { url: "wss://gw.lan:18789", bootstrapToken: "q".repeat(32), tlsFingerprint: PIN };
  const word = encodeSetupCode(code);

  test.each([
    word,
    `saltgate node join ${word}`,
    `  $ saltgate node join '${word}'\n`,
    `saltgate-node join "${word}" --run`,
  ])("setup code: it is found in what was pasted (%#)", (pasted) => {
    expect(setupCodeIn(pasted)).toEqual(code);
  });

  test.each(["", "saltgate node join", word.slice(0, -8), "hello world"])(
    "setup code: %j holds none, and is not repeated",
    (pasted) => {
      expect(() => setupCodeIn(pasted)).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining(pasted.slice(0, 12) || "\0") }),
      );
    },
  );
});

describe("connection words", () => {
  const url = "ws://gw:1";
  const pairing = (requestId: string): Parameters<typeof connectionWords>[0] => ({
    status: "waiting",
    delayMs: 1,
    error: new GatewayError("connect", { code: "NOT_PAIRED", message: "pairing required" }),
    requestId,
  });

  test("connection words: who waits for its owner says what the owner has to run", () => {
    expect(connectionWords(pairing("41c0-9f"), url)).toBe(
      "This node waits for its owner. On the machine of the gateway, run: saltgate nodes approve 41c0-9f",
    );
  });

  test.each(["$(reboot)", "a b", "-f", "x;y", "", "\u001b[2J"])(
    "connection words: a gateway can't have its owner run something else by the id %j",
    (requestId) => {
      expect(approveCommand(requestId)).toBeUndefined();
      expect(connectionWords(pairing(requestId), url)).not.toContain("run:");
    },
  );

  test("connection words: what a gateway says is shown without what moves a cursor, and what mends it is said", () => {
    const error = new GatewayError("connect", {
      code: "INVALID_REQUEST",
      message: "no\u001b[2J\nway",
      details: { code: "AUTH_BOOTSTRAP_TOKEN_INVALID" },
    });
    const words = connectionWords({ status: "paused", error }, url);
    expect(words).toContain("no·[2J·way");
    expect(words).toContain("saltgate nodes invite");
    const pin = new ClientError("TLS_PIN_MISMATCH", "another certificate");
    expect(connectionWords({ status: "paused", error: pin }, url)).toContain("fingerprint");
  });
});

describe("node settings", () => {
  test("node settings: written for its owner alone, read back as they were, and without what doesn't belong", async () => {
    const folder = await mkdtemp(join(tmpdir(), "saltgate-settings-"));
    const file = join(folder, "state", "node.json");
    expect(await readNodeSettings(file)).toBeUndefined();
    const settings = { version: 1, nodeId: "n", displayName: "rack", gateway: saved } as const;
    await writeNodeSettings(file, settings);
    expect(await readNodeSettings(file)).toEqual(settings);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, JSON.stringify({ ...settings, token: "s3cret" }));
    expect(await readNodeSettings(file)).toEqual(settings);
    for (const text of [
      "",
      "{",
      "[]",
      '{"version":2,"nodeId":"n"}',
      '{"version":1,"nodeId":"n","gateway":{"host":7}}',
      '{"s3cret',
    ]) {
      await writeFile(file, text);
      await expect(readNodeSettings(file)).rejects.toMatchObject({
        exitCode: 78,
        message: expect.not.stringContaining("s3cret"),
      });
      expect(await readFile(file, "utf8")).toBe(text);
    }
    await rm(folder, { recursive: true });
  });
});
