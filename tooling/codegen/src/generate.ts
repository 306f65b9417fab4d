import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TARGETS, type Target } from "./targets.ts";

/** A generated file that isn't what the descriptions say. */
export interface Drift {
  readonly path: string;
  readonly problem: "missing" | "different";
  /** The first line that differs, counted from 1. */
  readonly line: number | undefined;
  /** What mends it. */
  readonly command: string;
}

/** The targets that a command line asks for: all, or the one that is named. */
export function selectTargets(only: "swift" | "kotlin" | undefined): readonly Target[] {
  return only === undefined ? TARGETS : TARGETS.filter((target) => target.only === only);
}

/** Writes the targets under a root folder, and returns those that changed. */
export function generate(root: string, targets: readonly Target[] = TARGETS): string[] {
  return targets.flatMap((target) => {
    const file = join(root, target.path);
    const text = target.make();
    if (readIfThere(file) === text) return [];
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return [target.path];
  });
}

/** Compares the targets under a root folder with the descriptions. */
export function findDrift(root: string, targets: readonly Target[] = TARGETS): Drift[] {
  return targets.flatMap((target): Drift[] => {
    const { path, command } = target;
    const there = readIfThere(join(root, path));
    if (there === undefined) return [{ path, command, problem: "missing", line: undefined }];
    const wanted = target.make();
    if (there === wanted) return [];
    const lines = there.split("\n");
    const line = wanted.split("\n").findIndex((text, index) => text !== lines[index]);
    return [{ path, command, problem: "different", line: (line === -1 ? lines.length : line) + 1 }];
  });
}

/** One line for people: which file, where, and what mends it. */
export function describeDrift({ path, problem, line, command }: Drift): string {
  return problem === "missing"
    ? `${path} is missing. Run: ${command}`
    : `${path} differs from the descriptions in packages/protocol, first in line ${line}. Run: ${command}`;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
