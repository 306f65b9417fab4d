import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memoryTokenStore, type TokenStore } from "../src/index.ts";
import { fileTokenStore } from "../src/node/index.ts";

const KEY = { origin: "wss://gw.example.net:443", deviceId: "d1", role: "operator" };
const TOKEN = { token: "secret", scopes: ["operator.write", "operator.read"], updatedAtMs: 5 };

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "saltgate-tokens-"));
  return {
    file: join(path, "identity", "device-auth.json"),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

const engines: readonly [string, (file: string) => TokenStore][] = [
  ["memory", () => memoryTokenStore()],
  ["file", (file) => fileTokenStore(file)],
];

describe.each(engines)("token store in %s", (name, open) => {
  test(`token store in ${name}: what was written is read, for that gateway, device and role alone`, async () => {
    await using place = await folder();
    const store = open(place.file);
    expect(await store.read(KEY)).toBeUndefined();
    await store.write(KEY, TOKEN);
    expect(await store.read(KEY)).toMatchObject({ token: "secret", updatedAtMs: 5 });
    expect(await store.read({ ...KEY, origin: "wss://gw.example.net:8443" })).toBeUndefined();
    expect(await store.read({ ...KEY, origin: "ws://gw.example.net:443" })).toBeUndefined();
    expect(await store.read({ ...KEY, role: "node" })).toBeUndefined();
    expect(await store.read({ ...KEY, deviceId: "d2" })).toBeUndefined();
  });

  test(`token store in ${name}: only the named token is removed`, async () => {
    await using place = await folder();
    const store = open(place.file);
    await store.write(KEY, TOKEN);
    await store.remove(KEY, "another");
    expect((await store.read(KEY))?.token).toBe("secret");
    await store.remove(KEY, "secret");
    expect(await store.read(KEY)).toBeUndefined();
    await store.remove(KEY, "secret");
  });

  test(`token store in ${name}: writes at once lose nothing`, async () => {
    await using place = await folder();
    const stores = name === "file" ? [open(place.file), open(place.file)] : [open(place.file)];
    const keys = Array.from({ length: 20 }, (_, at) => ({ ...KEY, origin: `wss://gw${at}.example.net:443` }));
    await Promise.all(keys.map((key, at) => stores[at % stores.length]?.write(key, { ...TOKEN, token: key.origin })));
    for (const key of keys) expect((await stores[0]?.read(key))?.token).toBe(key.origin);
  });
});

describe("token file", () => {
  test("token file: it has the documented shape, with each gateway's tokens under its origin, for its owner alone", async () => {
    await using place = await folder();
    await fileTokenStore(place.file).write(KEY, TOKEN);
    expect(JSON.parse(await readFile(place.file, "utf8"))).toEqual({
      version: 1,
      deviceId: "d1",
      tokens: {},
      gateways: {
        [KEY.origin]: {
          operator: { token: "secret", role: "operator", scopes: ["operator.read", "operator.write"], updatedAtMs: 5 },
        },
      },
    });
    expect((await stat(place.file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(place.file, ".."))).mode & 0o777).toBe(0o700);
  });

  const older = {
    version: 1,
    deviceId: "d1",
    tokens: { operator: { token: "old", role: "operator", scopes: ["operator.admin"], updatedAtMs: 1 } },
  };

  async function olderFile() {
    const place = await folder();
    await fileTokenStore(place.file).write({ ...KEY, role: "node" }, TOKEN);
    await writeFile(place.file, JSON.stringify(older), { mode: 0o644 });
    return place;
  }

  test("[R-01] token file: a token of which nobody knows whose it is, is sent to nobody, and kept", async () => {
    await using place = await olderFile();
    const store = fileTokenStore(place.file);
    expect(await store.read(KEY)).toBeUndefined();
    await store.write({ ...KEY, role: "node" }, TOKEN);
    expect(JSON.parse(await readFile(place.file, "utf8")).tokens).toEqual(older.tokens);
    expect((await stat(place.file)).mode & 0o777).toBe(0o600);
  });

  test("token file: told whose they are, it hands those tokens to that gateway, and can remove them", async () => {
    await using place = await olderFile();
    const store = fileTokenStore(place.file, { unlabelledOrigin: KEY.origin });
    expect(await store.read({ ...KEY, origin: "wss://evil.example.net:443" })).toBeUndefined();
    expect((await store.read(KEY))?.token).toBe("old");
    await store.remove(KEY, "old");
    expect(await store.read(KEY)).toBeUndefined();
  });

  test("token file: tokens of another device are not used, and make room for this one's", async () => {
    await using place = await folder();
    const store = fileTokenStore(place.file);
    await store.write({ ...KEY, deviceId: "other" }, TOKEN);
    expect(await store.read(KEY)).toBeUndefined();
    await store.write(KEY, { ...TOKEN, token: "mine" });
    expect((await store.read(KEY))?.token).toBe("mine");
    expect(await store.read({ ...KEY, deviceId: "other" })).toBeUndefined();
  });

  test.each([
    "",
    "{",
    "[]",
    '{"version":2}',
    '{"version":1,"deviceId":"d1","tokens":7,"gateways":{"wss://gw.example.net:443":7}}',
    '{"version":1,"deviceId":"d1","gateways":{"wss://gw.example.net:443":{"operator":{"token":9}}}}',
  ])("token file: %j holds no token, and a new one can be written", async (text) => {
    await using place = await folder();
    const store = fileTokenStore(place.file);
    await store.write(KEY, TOKEN);
    await writeFile(place.file, text);
    expect(await store.read(KEY)).toBeUndefined();
    await store.write(KEY, TOKEN);
    expect((await store.read(KEY))?.token).toBe("secret");
  });
});
