import { expect, test } from "vitest";
import { resolveStatePaths, type StatePathInput } from "../src/index.ts";

const paths = (input: Partial<StatePathInput> = {}) =>
  resolveStatePaths({ env: {}, homedir: "/home/me", exists: () => false, ...input });

test("state paths: everything lies in ~/.saltgate", () => {
  expect(paths()).toEqual({
    profile: undefined,
    stateDir: "/home/me/.saltgate",
    stateDirSource: "default",
    configFile: "/home/me/.saltgate/saltgate.json",
    lastGoodConfigFile: "/home/me/.saltgate/saltgate.json.last-good",
    defaultPort: 18789,
    credentialsDir: "/home/me/.saltgate/credentials",
    devicesPendingFile: "/home/me/.saltgate/devices/pending.json",
    devicesPairedFile: "/home/me/.saltgate/devices/paired.json",
    identityFile: "/home/me/.saltgate/identity/device.json",
    identityAuthFile: "/home/me/.saltgate/identity/device-auth.json",
    execApprovalsFile: "/home/me/.saltgate/exec-approvals.json",
    nodeDir: "/home/me/.saltgate/node",
    nodeFile: "/home/me/.saltgate/node.json",
    logsDir: "/home/me/.saltgate/logs",
    tlsCertFile: "/home/me/.saltgate/gateway/tls/gateway-cert.pem",
    tlsKeyFile: "/home/me/.saltgate/gateway/tls/gateway-key.pem",
    lockFile: "/home/me/.saltgate/gateway.lock",
    databaseFile: "/home/me/.saltgate/state.db",
  });
});

test("[R-58] state paths: two profiles share no path, and every path lies in its own state folder", () => {
  const one = paths({ profile: "one" });
  const two = paths({ profile: "two" });
  const locations = (of: typeof one) =>
    Object.values(of).filter((value) => typeof value === "string" && value.startsWith("/"));
  expect(locations(one).filter((path) => locations(two).includes(path))).toEqual([]);
  expect(locations(one).every((path) => String(path).startsWith("/home/me/.saltgate-one"))).toBe(true);
});

test("state paths: --dev is the profile dev on port 19001", () => {
  expect(paths({ dev: true })).toMatchObject({
    profile: "dev",
    stateDir: "/home/me/.saltgate-dev",
    defaultPort: 19001,
  });
  expect(paths({ profile: "dev" })).toEqual(paths({ dev: true }));
  expect(() => paths({ dev: true, profile: "work" })).toThrow(/not both/);
});

test("state paths: the profile default is no profile", () => {
  expect(paths({ profile: "default" }).stateDir).toBe("/home/me/.saltgate");
});

test.each(["", ".", "..", "-x", "_x", "a/b", "a\\b", "a b", "a\0", "ä", "x".repeat(65)])(
  "state paths: %j is no profile",
  (profile) => {
    expect(() => paths({ profile })).toThrow(expect.objectContaining({ code: "option" }));
    if (profile !== "") expect(() => paths({ env: { SALTGATE_PROFILE: profile } })).toThrow(/SALTGATE_PROFILE/);
  },
);

test("[config:env-spellings] state paths: the environment counts in every documented spelling, ours first", () => {
  const env = {
    SALTGATE_STATE_DIR: "/s",
    OPENCLAW_STATE_DIR: "/o",
    MOLTBOT_STATE_DIR: "/m",
    CLAWDBOT_STATE_DIR: "/c",
  };
  const found: string[] = [];
  for (const name of ["SALTGATE", "OPENCLAW", "MOLTBOT", "CLAWDBOT", "NONE"]) {
    found.push(paths({ env }).stateDir);
    delete (env as Record<string, string>)[`${name}_STATE_DIR`];
  }
  expect(found).toEqual(["/s", "/o", "/m", "/c", "/home/me/.saltgate"]);
  expect(paths({ env: { MOLTBOT_PROFILE: "p" } }).stateDir).toBe("/home/me/.saltgate-p");
  expect(paths({ env: { CLAWDBOT_CONFIG_PATH: "/x/y.json" } }).configFile).toBe("/x/y.json");
});

test("state paths: a blank variable counts as unset", () => {
  expect(paths({ env: { SALTGATE_STATE_DIR: "  ", OPENCLAW_STATE_DIR: "" } }).stateDir).toBe("/home/me/.saltgate");
});

test("state paths: an explicit state folder is stronger than a profile", () => {
  const { profile, stateDir, stateDirSource } = paths({ profile: "work", env: { SALTGATE_STATE_DIR: "~/elsewhere" } });
  expect({ profile, stateDir, stateDirSource }).toEqual({
    profile: "work",
    stateDir: "/home/me/elsewhere",
    stateDirSource: "environment SALTGATE_STATE_DIR",
  });
});

test("state paths: a relative path needs to be told from where", () => {
  expect(() => paths({ env: { SALTGATE_STATE_DIR: "state" } })).toThrow(/SALTGATE_STATE_DIR must be an absolute path/);
  expect(paths({ env: { SALTGATE_STATE_DIR: "state" }, cwd: "/srv/mina" }).stateDir).toBe("/srv/mina/state");
});

test("state paths: without a home folder the message says what to set", () => {
  expect(() => paths({ homedir: "" })).toThrow(/SALTGATE_STATE_DIR/);
  expect(paths({ homedir: "", env: { SALTGATE_STATE_DIR: "/s" } }).stateDir).toBe("/s");
});

test("[config:taken-over] state paths: a folder that is taken over keeps its configuration's name, but ours comes first", () => {
  const having = (...names: string[]) =>
    paths({ exists: (path) => names.includes(path.split("/").at(-1)!) }).configFile;
  expect(having("openclaw.json", "clawdbot.json")).toBe("/home/me/.saltgate/openclaw.json");
  expect(having("moltbot.json")).toBe("/home/me/.saltgate/moltbot.json");
  expect(having("clawdbot.json")).toBe("/home/me/.saltgate/clawdbot.json");
  expect(having("clawdbot.json", "saltgate.json")).toBe("/home/me/.saltgate/saltgate.json");
});
