// A host that exists only here: a tree of files with owners, modes and links, looked at through the port of a plan.
import { createHash } from "node:crypto";
import type { HostFiles, HostView } from "../src/index.ts";

/** `->target` is a link; `!` before a content makes it a user's own file; anything else is a root's program. */
export type Tree = Readonly<Record<string, string>>;

interface Entry {
  readonly link?: string;
  readonly content: string;
  readonly uid: number;
}

export function fakeFiles(tree: Tree, windows = false): HostFiles {
  const entries = new Map<string, Entry>();
  const key = (path: string): string => (windows ? path.replaceAll("\\", "/").toLowerCase() : path);
  const separator = windows ? "\\" : "/";
  const spelling = new Map<string, string>();
  for (const [path, text] of Object.entries(tree)) {
    spelling.set(key(path), path);
    const isOwn = text.startsWith("!");
    const content = isOwn ? text.slice(1) : text;
    entries.set(key(path), {
      ...(content.startsWith("->") ? { link: content.slice(2) } : {}),
      content,
      uid: isOwn ? 1000 : 0,
    });
  }
  const isFolder = (path: string): boolean =>
    path === "" || [...entries.keys()].some((other) => other.startsWith(`${key(path)}/`));
  /** Walks the segments as the system does: links first, then what follows them. */
  function real(path: string, depth = 0): string | undefined {
    if (depth > 20 || path.includes("\0")) return undefined;
    if (windows) return entries.has(key(path)) || isFolder(path) ? (spelling.get(key(path)) ?? path) : undefined;
    let at = "";
    const rest = path.split("/").filter((segment) => segment !== "" && segment !== ".");
    while (rest.length > 0) {
      const segment = rest.shift()!;
      if (segment === "..") {
        at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
        continue;
      }
      const next = `${at}/${segment}`;
      const link = entries.get(next)?.link;
      if (link !== undefined) {
        const target = link.startsWith("/") ? link : `${at}/${link}`;
        return real([target, ...rest].join("/"), depth + 1);
      }
      if (!entries.has(next) && !isFolder(next)) return undefined;
      if (entries.has(next) && rest.length > 0) return undefined;
      at = next;
    }
    return at === "" ? "/" : at;
  }
  const fileAt = (path: string): Entry | undefined => {
    const found = real(path);
    return found === undefined ? undefined : entries.get(key(found));
  };
  return {
    realpath: async (path) => real(path),
    stat: async (path) => {
      const found = real(path);
      if (found === undefined) return undefined;
      const entry = entries.get(key(found));
      if (entry) return { kind: "file", mode: 0o755, uid: entry.uid };
      const isHomes = found.startsWith(`${separator}home${separator}`) || found.startsWith("/tmp");
      return { kind: "directory", mode: found.startsWith("/tmp") ? 0o1777 : 0o755, uid: isHomes ? 1000 : 0 };
    },
    isExecutable: async (path) => fileAt(path)?.content.startsWith("data") === false,
    isScript: async (path) => fileAt(path)?.content.startsWith("#!"),
    digest: async (path, maxBytes) => {
      const content = fileAt(path)?.content;
      if (content === undefined || content.length > maxBytes) return undefined;
      return createHash("sha256").update(content).digest("hex");
    },
  };
}

const named = (folder: string, names: string): Tree =>
  Object.fromEntries(names.split(/\s+/).map((name) => [`${folder}/${name}`, "elf"]));

/** A usual Linux host. */
const linuxTree: Tree = {
  ...named(
    "/usr/bin",
    "dash bash zsh fish env nice nohup timeout stdbuf time ionice xargs sudo doas setsid chroot busybox git make ssh",
  ),
  ...named(
    "/usr/bin",
    "find awk mawk sed perl node ruby python3.11 jq grep cut sort uniq head tail tr wc uptime ls cat id printf weather",
  ),
  "/bin": "->/usr/bin",
  "/usr/bin/sh": "->dash",
  "/usr/bin/python3": "->python3.11",
  "/usr/bin/ash": "->busybox",
  "/opt/ok/tool": "elf",
  "/opt/ok/sub/deep/tool": "elf",
  "/opt/ok/a+b(c).x": "elf",
  "/opt/ok/shell": "->/bin/sh",
  "/opt/ok/env": "->/usr/bin/env",
  "/opt/ok/out": "->../okay/evil",
  "/opt/ok/script.sh": "#!/bin/sh\necho",
  "/opt/ok/a=b": "elf",
  "/opt/okay/evil": "elf",
  "/home/me/bin/tool": "!elf",
  "/home/me/bin/jq": "!elf",
  "/home/me/bin/nice": "!elf",
  "/home/me/bin/python3": "!elf",
  "/home/me/run.sh": "!#!/bin/sh\necho run",
  "/home/me/x.py": "!print(1)",
  "/home/me/x.js": "!console.log(1)",
  "/home/me/notes": "!data",
  "/home/me/evil.py": "!import os",
  "/tmp/uptime": "!elf",
  "/etc/passwd": "data",
};

export function linuxHost(extra: Tree = {}, view: Partial<HostView> = {}): HostView {
  return {
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/home/me", LANG: "C" },
    homedir: "/home/me",
    defaultCwd: "/home/me",
    platform: "linux",
    files: fakeFiles({ ...linuxTree, ...extra }),
    ...view,
  };
}
