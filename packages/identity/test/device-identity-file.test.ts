import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { decodePublicKey } from "../src/index.ts";
import { IdentityFileError, loadOrCreateDeviceIdentity } from "../src/node/index.ts";

async function createWorld() {
  const home = await mkdtemp(join(tmpdir(), "saltgate-identity-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const folder = join(home, "identity");
  const file = join(folder, "device.json");
  return {
    folder,
    file,
    read: async () => JSON.parse(await readFile(file, "utf8")),
  };
}

test("[identity:device-file] device key file: made at first use, private, in the documented shape, and found again", async () => {
  const world = await createWorld();
  const identity = await loadOrCreateDeviceIdentity(world.file, { now: () => 1234 });
  const row = await world.read();
  expect(Object.keys(row)).toEqual(["version", "deviceId", "publicKeyPem", "privateKeyPem", "createdAtMs"]);
  expect(row).toMatchObject({ version: 1, deviceId: identity.deviceId, createdAtMs: 1234 });
  expect(decodePublicKey(row.publicKeyPem)).toMatchObject({ base64url: identity.publicKey });
  expect(row.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect((await stat(world.file)).mode & 0o777).toBe(0o600);
  expect((await stat(world.folder)).mode & 0o777).toBe(0o700);
  expect(await readdir(world.folder)).toEqual(["device.json"]);
  const again = await loadOrCreateDeviceIdentity(world.file, { now: () => 9999 });
  expect([again.deviceId, again.seed, again.createdAtMs]).toEqual([identity.deviceId, identity.seed, 1234]);
});

test("device key file: an identity doesn't show its secret when printed or serialised", async () => {
  const world = await createWorld();
  const identity = await loadOrCreateDeviceIdentity(world.file);
  expect(Object.keys(JSON.parse(JSON.stringify(identity)))).toEqual(["deviceId", "publicKey", "createdAtMs"]);
  expect(inspect(identity)).not.toContain("seed");
});

test("device key file: a device id that isn't its key's is put right, and open permissions are narrowed", async () => {
  const world = await createWorld();
  const { deviceId } = await loadOrCreateDeviceIdentity(world.file, { now: () => 5 });
  await writeFile(world.file, JSON.stringify({ ...(await world.read()), deviceId: "0".repeat(64) }));
  await chmod(world.file, 0o644);
  expect((await loadOrCreateDeviceIdentity(world.file)).deviceId).toBe(deviceId);
  expect(await world.read()).toMatchObject({ deviceId, createdAtMs: 5 });
  expect((await stat(world.file)).mode & 0o777).toBe(0o600);
});

test("[identity:device-file-invalid] [R-57] device key file: cut at any byte it is refused, kept, and never replaced silently", async () => {
  const world = await createWorld();
  await loadOrCreateDeviceIdentity(world.file);
  const whole = await readFile(world.file, "utf8");
  for (let length = 0; length < whole.length - 2; length += 13) {
    const cut = whole.slice(0, length);
    await writeFile(world.file, cut);
    await utimes(world.file, 1000, 1000 + length);
    const error: unknown = await loadOrCreateDeviceIdentity(world.file).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(IdentityFileError);
    expect(error).toMatchObject({ code: "invalid", file: world.file });
    expect(await readFile(world.file, "utf8")).toBe(cut);
    expect(await readFile(`${world.file}.corrupt-${(1000 + length) * 1000}`, "utf8")).toBe(cut);
  }
});

test("device key file: repeated starts on an invalid file keep one copy, and the message says what to do", async () => {
  const world = await createWorld();
  await loadOrCreateDeviceIdentity(world.file);
  await writeFile(world.file, "{}");
  for (let start = 0; start < 3; start += 1) {
    await expect(loadOrCreateDeviceIdentity(world.file)).rejects.toThrow(/A copy is kept as .*\.corrupt-\d+\. Restore/);
  }
  expect((await readdir(world.folder)).length).toBe(2);
});

test("device key file: the owner may choose a new identity, and the old file's copy stays", async () => {
  const world = await createWorld();
  const before = await loadOrCreateDeviceIdentity(world.file);
  await writeFile(world.file, "not json");
  const after = await loadOrCreateDeviceIdentity(world.file, { replaceInvalid: true });
  expect(after.deviceId).not.toBe(before.deviceId);
  const copy = (await readdir(world.folder)).find((name) => name.includes(".corrupt-"))!;
  expect(await readFile(join(world.folder, copy), "utf8")).toBe("not json");
  expect((await stat(join(world.folder, copy))).mode & 0o777).toBe(0o600);
});

test("device key file: halves of two key pairs are no identity", async () => {
  const world = await createWorld();
  const other = await createWorld();
  await loadOrCreateDeviceIdentity(world.file);
  await loadOrCreateDeviceIdentity(other.file);
  const { publicKeyPem } = await other.read();
  await writeFile(world.file, JSON.stringify({ ...(await world.read()), publicKeyPem }));
  await expect(loadOrCreateDeviceIdentity(world.file)).rejects.toMatchObject({ code: "invalid" });
});

test("device key file: what can't be read is an error that says so, not a new identity", async () => {
  const world = await createWorld();
  await loadOrCreateDeviceIdentity(world.file);
  await expect(loadOrCreateDeviceIdentity(world.folder)).rejects.toMatchObject({ code: "unreadable" });
  await expect(loadOrCreateDeviceIdentity(join(world.file, "below"))).rejects.toMatchObject({ code: "unreadable" });
});

test("[identity:device-file-race] device key file: processes that start at once share one identity", async () => {
  const world = await createWorld();
  const program = `
    const { loadOrCreateDeviceIdentity } = await import(${JSON.stringify(new URL("../src/node/index.ts", import.meta.url).href)});
    const { deviceId } = await loadOrCreateDeviceIdentity(${JSON.stringify(world.file)});
    process.stdout.write(deviceId);`;
  const run = () =>
    new Promise<string>((resolve) => {
      let output = "";
      const child = spawn(process.execPath, ["--conditions=@saltgate/source", "--input-type=module", "-e", program]);
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.on("close", () => resolve(output));
    });
  const ids = await Promise.all([run(), run(), run(), run()]);
  const { deviceId } = await world.read();
  expect(ids).toEqual([deviceId, deviceId, deviceId, deviceId]);
  expect(await readdir(world.folder)).toEqual(["device.json"]);
});
