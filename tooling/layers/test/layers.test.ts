import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BROWSER_SAFE, MAY_USE } from "../src/layers.ts";
import { packageRooms } from "../src/rooms.ts";

const root = join(import.meta.dirname, "../../..");

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

function workspaceDependenciesOf(name: string): string[] {
  const manifest: Manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies })
    .filter((dependency) => dependency.startsWith("@saltgate/"))
    .map((dependency) => dependency.slice("@saltgate/".length).replace(/^(channel|backend)-/, "$1s/"));
}

function sourcesOf(name: string): string[] {
  return readdirSync(join(root, "packages", name, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `src/${file}`);
}

describe("layers", () => {
  test("layers: every package has its row in the table", () => {
    const packages = packageRooms(root).map((room) => room.slice("packages/".length));
    expect(Object.keys(MAY_USE).sort()).toEqual(packages.sort());
  });

  for (const [name, { on, why }] of Object.entries(MAY_USE)) {
    test(`layers: ${name} depends only on [${on.join(", ")}]: ${why}`, () => {
      expect(workspaceDependenciesOf(name).filter((dependency) => !on.includes(dependency))).toEqual([]);
    });
  }

  for (const [name, { except }] of Object.entries(BROWSER_SAFE)) {
    test(`layers: ${name} uses nothing of Node outside [${except.join(", ")}]`, () => {
      const users = sourcesOf(name)
        .filter((file) => !except.some((place) => file.startsWith(place)))
        .filter((file) =>
          /from\s+"node:|import\("node:|from\s+"ws"/.test(readFileSync(join(root, "packages", name, file), "utf8")),
        );
      expect(users).toEqual([]);
    });
  }
});
