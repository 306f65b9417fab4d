import { execFileSync } from "node:child_process";
import { link, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WorkspaceJail } from "../../src/index.ts";
import { Workspace } from "./world.ts";

async function jailOf(workspace: Workspace): Promise<WorkspaceJail> {
  await writeFile(join(workspace.outside, "secret"), "s-secret");
  await mkdir(join(workspace.path, "notes"));
  await writeFile(join(workspace.path, "notes/a.txt"), "inside");
  return await WorkspaceJail.open(workspace.path);
}

const read = async (jail: WorkspaceJail, path: string): Promise<string> =>
  (await jail.read(path, 1_000)).bytes.toString("utf8");

test("[tools:jail] jail: files inside are read and written, by relative and absolute paths, over new folders", async () => {
  await using workspace = await Workspace.make();
  const jail = await jailOf(workspace);
  expect(await read(jail, "notes/a.txt")).toBe("inside");
  expect(await read(jail, join(workspace.path, "notes/../notes/a.txt"))).toBe("inside");
  expect(await jail.write("new/deep/b.txt", Buffer.from("b"))).toBe("new/deep/b.txt");
  expect(await read(jail, "new/deep/b.txt")).toBe("b");
  expect(await jail.list(".", 10)).toEqual(["new/", "notes/"]);
  expect(await jail.list("new", 10)).toEqual(["deep/"]);
  await jail.write("notes/a.txt", Buffer.from("changed"));
  expect(await readdir(join(workspace.path, "notes"))).toEqual(["a.txt"]);
});

test("[tools:jail] jail: neither .., nor absolute, NUL or encoded paths lead out", async () => {
  await using workspace = await Workspace.make();
  const jail = await jailOf(workspace);
  const out = [
    "../secret",
    "notes/../../secret",
    "..",
    "/etc/passwd",
    join(workspace.outside, "secret"),
    `${workspace.path}x/a`,
    "a\0/../../secret",
    "",
    "x".repeat(5_000),
  ];
  for (const path of out) {
    await expect(jail.read(path, 1_000), path).rejects.toThrow(
      /outside the workspace|no path can have|empty or too long/,
    );
    await expect(jail.write(path, Buffer.from("x")), path).rejects.toThrow(
      /outside the workspace|no path can have|empty or too long/,
    );
  }
  // Nothing is decoded: these are names like any other.
  for (const path of ["%2e%2e/secret", "..%2fsecret", "notes/%00", "....//secret"])
    await expect(jail.read(path, 1_000), path).rejects.toThrow("isn't there");
  expect(await readFile(join(workspace.outside, "secret"), "utf8")).toBe("s-secret");
});

test("[tools:jail] jail: symbolic links out are refused, at the end and on the way; links that stay inside are followed", async () => {
  await using workspace = await Workspace.make();
  const jail = await jailOf(workspace);
  await symlink(join(workspace.outside, "secret"), join(workspace.path, "link"));
  await symlink("../secret", join(workspace.path, "relative"));
  await symlink(workspace.outside, join(workspace.path, "folder"));
  await symlink("notes", join(workspace.path, "own"));
  await symlink("notes/a.txt", join(workspace.path, "own.txt"));
  await symlink("loop", join(workspace.path, "loop"));
  await symlink("nothing", join(workspace.path, "dangling"));
  for (const path of ["link", "relative", "folder/secret", "folder/workspace/../secret"])
    await expect(jail.read(path, 1_000), path).rejects.toThrow(/leads out of the workspace|isn't there|outside/);
  for (const path of ["link", "relative", "folder/secret", "folder/new"])
    await expect(jail.write(path, Buffer.from("x")), path).rejects.toThrow("leads out of the workspace");
  for (const path of ["loop", "dangling"]) {
    await expect(jail.read(path, 1_000)).rejects.toThrow("isn't there");
    await expect(jail.write(path, Buffer.from("x"))).rejects.toThrow("isn't there");
  }
  await expect(jail.list("folder", 10)).rejects.toThrow("leads out");
  expect(await read(jail, "own/a.txt")).toBe("inside");
  expect(await read(jail, "own.txt")).toBe("inside");
  await jail.write("own/a.txt", Buffer.from("through"));
  expect(await readFile(join(workspace.path, "notes/a.txt"), "utf8")).toBe("through");
  expect(await readFile(join(workspace.outside, "secret"), "utf8")).toBe("s-secret");
  expect(await readdir(workspace.outside)).toEqual(["secret", "workspace"]);
});

test("[tools:jail] jail: a hard link is not read, and writing leaves its other name alone", async () => {
  await using workspace = await Workspace.make();
  const jail = await jailOf(workspace);
  await link(join(workspace.outside, "secret"), join(workspace.path, "hard"));
  await expect(jail.read("hard", 1_000)).rejects.toThrow("more than one name");
  await jail.write("hard", Buffer.from("mine"));
  expect(await readFile(join(workspace.outside, "secret"), "utf8")).toBe("s-secret");
});

test.skipIf(process.platform === "win32")(
  "[tools:jail] jail: pipes and folders are no files, and nothing waits for them",
  async () => {
    await using workspace = await Workspace.make();
    const jail = await jailOf(workspace);
    execFileSync("mkfifo", [join(workspace.path, "pipe")]);
    await expect(jail.read("pipe", 1_000)).rejects.toThrow("isn't a plain file");
    await expect(jail.write("pipe", Buffer.from("x"))).rejects.toThrow("no plain file");
    await expect(jail.read("notes", 1_000)).rejects.toThrow("notes is a folder.");
    await expect(jail.write("notes", Buffer.from("x"))).rejects.toThrow("a folder");
    await expect(jail.write(".", Buffer.from("x"))).rejects.toThrow("a folder");
    await expect(jail.read("notes/a.txt/b", 1_000)).rejects.toThrow("isn't there");
  },
);

test("[tools:jail] jail: a file that is too large is refused", async () => {
  await using workspace = await Workspace.make();
  const jail = await jailOf(workspace);
  await writeFile(join(workspace.path, "big"), "x".repeat(1_001));
  await expect(jail.read("big", 1_000)).rejects.toThrow("more than 1000");
});

test("[tools:jail] jail: permissions are kept by whoever edits, and are plain otherwise", async () => {
  await using workspace = await Workspace.make();
  const jail = await jailOf(workspace);
  await writeFile(join(workspace.path, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  const { mode } = await jail.read("run.sh", 1_000);
  await jail.write("run.sh", Buffer.from("#!/bin/sh\ntrue\n"), mode);
  expect((await stat(join(workspace.path, "run.sh"))).mode & 0o777).toBe(0o755);
});

test.skipIf(process.platform !== "linux")(
  "[tools:jail] jail: folders and links that are exchanged all the time never lead out",
  async () => {
    await using workspace = await Workspace.make();
    const jail = await jailOf(workspace);
    await writeFile(join(workspace.outside, "a.txt"), "s-secret");
    const target = join(workspace.path, "flip");
    const kept = join(workspace.path, "kept");
    await mkdir(kept);
    await writeFile(join(kept, "a.txt"), "inside");
    let isOver = false;
    const flipping = (async () => {
      while (!isOver) {
        await rename(kept, target).catch(() => {});
        await rename(target, kept).catch(() => {});
        await symlink(workspace.outside, target).catch(() => {});
        await rm(target, { force: true }).catch(() => {});
      }
    })();
    const seen = new Set<string>();
    for (let round = 0; round < 400; round += 1) {
      const text = await read(jail, "flip/a.txt").catch(() => "refused");
      seen.add(text);
      await jail.write("flip/a.txt", Buffer.from("inside")).catch(() => {});
    }
    isOver = true;
    await flipping;
    expect(seen).not.toContain("s-secret");
    expect(await readFile(join(workspace.outside, "a.txt"), "utf8")).toBe("s-secret");
    expect((await readdir(workspace.outside)).toSorted()).toEqual(["a.txt", "secret", "workspace"]);
  },
);

test("[tools:jail] jail: no path made of hostile pieces reaches what is outside", async () => {
  await using workspace = await Workspace.make();
  const jail = await jailOf(workspace);
  await symlink(workspace.outside, join(workspace.path, "out"));
  const piece = fc.constantFrom(
    "..",
    ".",
    "/",
    "//",
    "out",
    "secret",
    "notes",
    "\\..\\",
    "%2e%2e",
    "\u2024\u2024",
    "workspace",
    "a.txt",
    "~",
    "out/..",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { minLength: 1, maxLength: 8 }),
      fc.constantFrom("/", ""),
      async (pieces, joint) => {
        const text = await read(jail, pieces.join(joint)).catch(() => "refused");
        expect(["inside", "refused"]).toContain(text);
      },
    ),
    { numRuns: 300 },
  );
});
