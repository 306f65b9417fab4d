import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Every library: a folder in `packages` with a manifest, or in one of its families, such as `channels/telegram`. */
export function packageRooms(root: string): string[] {
  const folders = (floor: string): string[] =>
    readdirSync(join(root, floor), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
      .map(({ name }) => `${floor}/${name}`);
  const isRoom = (room: string): boolean => existsSync(join(root, room, "package.json"));
  return folders("packages").flatMap((room) => (isRoom(room) ? [room] : folders(room).filter(isRoom)));
}

/** Every room of the repository that may have code and tests: libraries, apps, tools. */
export function allRooms(root: string): string[] {
  const others = ["apps", "tooling"].flatMap((floor) =>
    readdirSync(join(root, floor), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${floor}/${name}`),
  );
  return [...packageRooms(root), ...others];
}
