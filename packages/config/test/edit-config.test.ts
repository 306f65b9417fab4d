import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "@saltgate/store";
import { describe, expect, test } from "vitest";
import {
  type ConfigChange,
  credentialChanges,
  editConfig,
  forgetCredentialChanges,
  removeAccountChanges,
} from "../src/index.ts";

/** A configuration file in a folder of its own. */
class FileWorld implements AsyncDisposable {
  readonly #folder: string;
  readonly path: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "saltgate.json");
  }

  static async create(text?: string): Promise<FileWorld> {
    const world = new FileWorld(await mkdtemp(join(tmpdir(), "saltgate-edit-")));
    if (text !== undefined) await writeFile(world.path, text, { mode: 0o644 });
    return world;
  }

  read(): Promise<string> {
    return readFile(this.path, "utf8");
  }

  files(): Promise<string[]> {
    return readdir(this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const setPort = (port: number): readonly ConfigChange[] => [{ path: ["gateway", "port"], value: port }];
const FILE = `{\n  // mine\n  gateway: { port: 18789, auth: { token: '\${MY_TOKEN}' } },\n}\n`;

describe("edit config", () => {
  test("[terminal:edit-checked] edit config: a good change is written whole, private, and with its comments", async () => {
    await using world = await FileWorld.create(FILE);
    // The variable isn't set here; it may be where the gateway starts.
    const { changed, hash } = await editConfig(world.path, setPort(19_000), { env: {} });
    expect(changed).toBe(true);
    expect(await world.read()).toBe(FILE.replace("18789", "19000"));
    expect((await stat(world.path)).mode & 0o777).toBe(0o600);
    expect(await world.files()).toEqual(["saltgate.json"]);
    expect(await editConfig(world.path, setPort(19_000), { env: {}, baseHash: hash })).toMatchObject({
      changed: false,
      hash,
    });
  });

  test.each<[string, string, readonly ConfigChange[], string]>([
    ["a wrong value", FILE, setPort(70_000), '"gateway.port"'],
    ["a key that doesn't exist", FILE, [{ path: ["gateway", "prot"], value: 1 }], 'unknown key "gateway.prot"'],
    ["a file that was broken before", "{ gateway: { prot: 1 } }", setPort(1), 'unknown key "gateway.prot"'],
    ["a file that is no JSON5", "{ gateway: ", setPort(1), "isn't valid JSON5"],
    ["a key in what is no object", "{ gateway: 5 }", setPort(1), '"gateway" is no object'],
  ])("[terminal:edit-checked] edit config: %s writes nothing, and is named", async (_what, text, changes, message) => {
    await using world = await FileWorld.create(text);
    await expect(editConfig(world.path, changes, { env: {} })).rejects.toMatchObject({
      name: "ConfigError",
      code: "invalid",
      message: expect.stringContaining(message),
    });
    expect(await world.read()).toBe(text);
  });

  test("[terminal:edit-checked] edit config: a file that was changed meanwhile is left alone", async () => {
    await using world = await FileWorld.create(FILE);
    const { hash } = await editConfig(world.path, setPort(19_000), { env: {} });
    await writeFile(world.path, FILE);
    await expect(editConfig(world.path, setPort(1), { env: {}, baseHash: hash })).rejects.toMatchObject({
      code: "changed",
    });
    // Between reading and writing, too.
    let reads = 0;
    const fileSystem = {
      ...nodeFileSystem,
      readFile: async (path: string) => {
        if (reads++ === 1) await writeFile(world.path, "{}");
        return nodeFileSystem.readFile(path);
      },
    };
    await expect(editConfig(world.path, setPort(1), { env: {}, fileSystem })).rejects.toMatchObject({
      code: "changed",
    });
    expect(await world.read()).toBe("{}");
  });

  test("[terminal:edit-checked] edit config: a file that isn't there is not made, and no secret is in an error", async () => {
    await using world = await FileWorld.create();
    await expect(editConfig(world.path, setPort(1), { env: {} })).rejects.toMatchObject({ code: "missing" });
    expect(await world.files()).toEqual([]);
    await using other = await FileWorld.create("{}");
    const change = [{ path: ["channels", "telegram", "botToken"], value: ["canary-secret"] }];
    const refused = await editConfig(other.path, change, { env: {} }).catch((error: unknown) => error);
    expect(String(refused)).toContain("botToken");
    expect(String(refused)).not.toContain("canary-secret");
  });
});

describe("channel credentials", () => {
  const edited = async (
    text: string,
    changes: Parameters<typeof editConfig>[1],
  ): Promise<Readonly<Record<string, unknown>>> => {
    await using world = await FileWorld.create(text);
    await editConfig(world.path, changes, { env: {} });
    return (JSON.parse(await world.read()) as { channels: { telegram: Record<string, unknown> } }).channels.telegram;
  };
  const of = (telegram: unknown): string => JSON.stringify({ channels: { telegram } });
  const account = (accountId: string) => ({ channel: "telegram", accountId });

  test.each<[string, unknown, string, boolean, unknown]>([
    ["the first account is the section", {}, "default", false, { botToken: "1:x" }],
    [
      "a token stands for its file",
      { tokenFile: "/t", dmPolicy: "open", allowFrom: ["*"] },
      "default",
      false,
      { dmPolicy: "open", allowFrom: ["*"], botToken: "1:x" },
    ],
    [
      "a second account keeps the first",
      { botToken: "1:a" },
      "work",
      false,
      { botToken: "1:a", accounts: { default: {}, work: { botToken: "1:x" } } },
    ],
    [
      "also when its token is in the environment",
      {},
      "work",
      true,
      { accounts: { default: {}, work: { botToken: "1:x" } } },
    ],
    ["and is alone where there is none", {}, "work", false, { accounts: { work: { botToken: "1:x" } } }],
    [
      "a name is found as it is written",
      { accounts: { Work: { enabled: false } } },
      "work",
      false,
      { accounts: { Work: { enabled: true, botToken: "1:x" } } },
    ],
    [
      "the default one has its name where others have",
      { accounts: { work: {} } },
      "default",
      false,
      { accounts: { work: {}, default: { botToken: "1:x" } } },
    ],
  ])("[terminal:channels-add] channel credentials: %s", async (_what, before, accountId, envHasToken, after) => {
    const changes = (written: unknown) =>
      credentialChanges(written, account(accountId), { botToken: "1:x" }, envHasToken);
    expect(await edited(of(before), changes)).toEqual(after);
  });

  test.each<[string, unknown, string, unknown, unknown]>([
    ["of the section", { botToken: "1:a", tokenFile: "/t", groups: {} }, "default", { groups: {} }, { groups: {} }],
    [
      "of an account",
      { botToken: "1:a", accounts: { W: { botToken: "1:b", name: "w" } } },
      "w",
      { botToken: "1:a", accounts: { W: { name: "w" } } },
      { botToken: "1:a", accounts: {} },
    ],
    ["that isn't there", { botToken: "1:a" }, "work", { botToken: "1:a" }, { botToken: "1:a" }],
  ])(
    "[terminal:channels-remove] [terminal:logout] channel credentials: those %s are forgotten, or the account with them",
    async (_what, before, accountId, forgotten, removed) => {
      expect(await edited(of(before), (raw) => forgetCredentialChanges(raw, "telegram", accountId))).toEqual(forgotten);
      expect(await edited(of(before), (raw) => removeAccountChanges(raw, "telegram", accountId))).toEqual(removed);
    },
  );
});
