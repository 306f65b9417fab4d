import { type FSWatcher, watch } from "node:fs";

/** Calls `listener` with the name of whatever changes in a directory (`undefined`: anything may have changed); returns stop. */
export type WatchDirectory = (directory: string, listener: (name: string | undefined) => void) => () => void;

/** Pause between two looks where the system has no watch left to give, in milliseconds. */
const pollMs = 2_000;

/**
 * Watches the directory and not the file: a file that is replaced by a rename takes a watch on itself away with it.
 * Never keeps the process alive.
 */
export const nodeWatchDirectory: WatchDirectory = (directory, listener) => {
  let stopped = false;
  let watcher: FSWatcher | undefined;
  let poll: NodeJS.Timeout | undefined;
  const fallBack = (): void => {
    watcher?.close();
    watcher = undefined;
    if (!stopped) poll ??= setInterval(() => listener(undefined), pollMs).unref();
  };
  try {
    watcher = watch(directory, { persistent: false }, (_event, name) => listener(name ?? undefined));
    watcher.on("error", fallBack);
  } catch {
    fallBack(); // no inotify watch left, or a file system that has none
  }
  return () => {
    stopped = true;
    watcher?.close();
    clearInterval(poll);
  };
};
