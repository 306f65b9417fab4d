import { expandHome, type Host, type HostView, hostOf } from "./host-view.ts";

/** A program that was found. */
export interface Executable {
  /** Where it was found, links and all. */
  readonly path: string;
  /** Where it really is. */
  readonly realPath: string;
}

/** What Windows tries when PATHEXT says nothing. */
const usualExtensions = ".COM;.EXE;.BAT;.CMD";

/** The value of a variable; without regard to case on Windows. */
function variable(env: Readonly<Record<string, string>>, name: string, platform: NodeJS.Platform): string {
  if (platform !== "win32") return env[name] ?? "";
  return Object.entries(env).find(([key]) => key.toUpperCase() === name)?.[1] ?? "";
}

/**
 * Where a program may be, in the order in which it is looked for. A name with a slash is that file, from `cwd`; a bare
 * one is looked for in the absolute entries of PATH, and never in the working folder (which Windows would do first).
 * On Windows a name without one of PATHEXT's extensions is tried with each of them, and never without.
 */
function candidatesFor(
  name: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  host: Pick<Host, "homedir" | "path" | "platform">,
): readonly string[] {
  const isWindows = host.platform === "win32";
  // A colon past the drive names a stream or a drive's own folder; trailing dots and spaces vanish when opened.
  if (isWindows && (/[. ]$|[<>"|?*]/.test(name) || name.replace(/^[A-Za-z]:[/\\]/, "").includes(":"))) return [];
  const given = expandHome(name, host);
  const extensions = (variable(env, "PATHEXT", host.platform) || usualExtensions)
    .split(";")
    .filter((extension) => /^\.[A-Za-z0-9]+$/.test(extension));
  const spellings = (path: string): readonly string[] => {
    if (!isWindows) return [path];
    const hasExtension = extensions.some((extension) => path.toLowerCase().endsWith(extension.toLowerCase()));
    return hasExtension ? [path] : extensions.map((extension) => path + extension.toLowerCase());
  };
  if (isWindows && /[/\\]/.test(given)) return spellings(host.path.resolve(cwd, given));
  // Not made shorter here: what `..` means behind a symbolic link is for the system to say.
  if (given.includes("/")) return [host.path.isAbsolute(given) ? given : `${cwd}/${given}`];
  const folders = variable(env, "PATH", host.platform)
    .split(isWindows ? ";" : ":")
    .map((folder) => (isWindows ? folder.replace(/^"(.*)"$/, "$1") : folder))
    .filter((folder) => host.path.isAbsolute(folder));
  return folders.flatMap((folder) => spellings(host.path.join(folder, given)));
}

/** The program that a name stands for: the first candidate that is a file that we may execute. */
export async function findExecutable(
  name: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  host: Host,
): Promise<Executable | undefined> {
  if (name === "" || name === "." || name === "..") return undefined;
  for (const path of candidatesFor(name, cwd, env, host)) {
    const realPath = await host.files.realpath(path);
    if (realPath === undefined || (await host.files.stat(realPath))?.kind !== "file") continue;
    if (await host.files.isExecutable(realPath)) return { path, realPath };
  }
  return undefined;
}

/**
 * Where a bare name is found on a host, as `system.which` answers it. A name with a slash or `~` finds nothing here: whoever
 * asks learns of programs, not of files.
 */
export async function findProgram(name: string, view: HostView): Promise<Executable | undefined> {
  if (/[/\\~\0]/.test(name)) return undefined;
  const host = hostOf(view);
  return await findExecutable(name, host.defaultCwd, host.env, host);
}

/** Folders whose programs count as the system's, if nobody but root may write there. */
const systemFolders: ReadonlySet<string> = new Set(["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"]);

/**
 * Whether a real path is a program of the system: in one of the usual folders, it and every folder above it owned by
 * root and writable by nobody else. Never on Windows, where this can't be told from modes.
 */
export async function isSystemProgram(realPath: string, host: Host): Promise<boolean> {
  if (host.platform === "win32" || !systemFolders.has(host.path.dirname(realPath))) return false;
  for (let path = realPath; ; path = host.path.dirname(path)) {
    const found = await host.files.stat(path);
    if (found === undefined || found.uid !== 0 || (found.mode & 0o022) !== 0) return false;
    if (path === host.path.dirname(path)) return true;
  }
}
