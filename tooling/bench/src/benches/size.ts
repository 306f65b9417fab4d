import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, format } from "../bench.ts";

const ROOT = join(import.meta.dirname, "../../../..");

/** What a package weighs when it is packed, and when it is installed, with the number of packages it pulls in. */
function pack(directory: string): { tarballBytes: number; installedBytes: number; dependencies: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "saltgate-bench-"));
  try {
    execFileSync("pnpm", ["pack", "--pack-destination", folder], { cwd: join(ROOT, directory), stdio: "ignore" });
    const tarball = join(folder, readdirSync(folder)[0] ?? "");
    const tarballBytes = statSync(tarball).size;
    execFileSync("tar", ["-xzf", tarball, "-C", folder]);
    const manifest: { dependencies?: Record<string, string> } = JSON.parse(
      readFileSync(join(folder, "package/package.json"), "utf8"),
    );
    const files = readdirSync(join(folder, "package"), { recursive: true, withFileTypes: true });
    const installedBytes = files
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    return { tarballBytes, installedBytes, dependencies: Object.keys(manifest.dependencies ?? {}) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const size: Bench = {
  name: "size",
  async run() {
    const command = pack("apps/cli");
    const client = pack("packages/client");
    const packages = 1 + command.dependencies.length;
    return [
      {
        what: "gateway without channels, installed",
        budget: "40 MB, 60 packages",
        floor: "",
        gateway: `${format.megabytes(command.installedBytes)}, ${packages} package${packages === 1 ? "" : "s"}`,
        ratio: undefined,
        // The bundle holds what it needs; a dependency would have to be counted with its own.
        met: command.installedBytes <= 40e6 && command.dependencies.length === 0,
      },
      {
        what: "client, packed",
        budget: "(none set)",
        floor: "",
        gateway: `${format.kilobytes(client.tarballBytes)}; depends on ${client.dependencies.join(", ") || "nothing"}`,
        ratio: undefined,
        met: true,
      },
    ];
  },
};
