import { posix, win32 } from "node:path";
import { childEnvironment, type Environment } from "./environment.ts";
import { type HostFiles, nodeHostFiles } from "./host-files.ts";

/** The host that something is to run on, as far as a plan depends on it. */
export interface HostView {
  /** The environment of the program that runs commands here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  /** Where commands run that name no folder. Absolute. */
  readonly defaultCwd: string;
  readonly platform: NodeJS.Platform;
  /** @default the real files */
  readonly files?: HostFiles;
  /** Names of variables that the owner of the host lets callers change, beside the usual ones. */
  readonly envAllow?: readonly string[];
  /** Largest script whose content a plan is bound to, in bytes. Longer ones are asked about. @default 4_194_304 */
  readonly maxScriptBytes?: number;
}

/** A host view with everything filled in. */
export interface Host {
  readonly homedir: string;
  readonly defaultCwd: string;
  readonly platform: NodeJS.Platform;
  readonly files: HostFiles;
  readonly envAllow: readonly string[];
  readonly maxScriptBytes: number;
  /** What a program gets when its caller changes nothing. */
  readonly env: Environment;
  readonly path: typeof posix;
}

export function hostOf(view: HostView): Host {
  const { defaultCwd, envAllow = [], files = nodeHostFiles, homedir, maxScriptBytes = 4_194_304, platform } = view;
  const env = childEnvironment(view.env, {}, { platform, envAllow });
  const path = platform === "win32" ? win32 : posix;
  return { homedir, defaultCwd, platform, files, envAllow, maxScriptBytes, env, path };
}

/** `~` and `~/…` as paths in the home folder; anything else as it is. */
export function expandHome(path: string, host: Pick<Host, "homedir" | "platform">): string {
  const isHome = path === "~" || path.startsWith("~/") || (host.platform === "win32" && path.startsWith("~\\"));
  return isHome ? host.homedir + path.slice(1) : path;
}
