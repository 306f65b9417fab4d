import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** Where programs are looked for. */
export interface ProgramSearch {
  /** Values of PATH and, on Windows, PATHEXT. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/**
 * The file that a program's name stands for, in the order of PATH; `undefined` when there is none. Names only: nothing
 * is ever looked for in the working folder.
 */
export async function findProgram(name: string, { env, platform }: ProgramSearch): Promise<string | undefined> {
  const extensions = platform === "win32" ? (env["PATHEXT"] ?? ".COM;.EXE;.BAT;.CMD").toLowerCase().split(";") : [""];
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  for (const folder of folders) {
    for (const extension of extensions) {
      const path = join(folder, `${name}${extension}`);
      if (await isProgram(path)) return path;
    }
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
