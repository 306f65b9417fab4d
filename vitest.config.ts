import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { allRooms } from "./tooling/layers/src/rooms.ts";

// Every room that has tests is one project, so that `vitest run --project packages/pairing` runs one room.
const rooms = [...allRooms(import.meta.dirname).filter((room) => existsSync(`${room}/test`)), "tests"];

export default defineConfig({
  ssr: { resolve: { conditions: ["@saltgate/source", "module", "node", "development|production"] } },
  test: {
    // Much of a test is waiting for processes: two files side by side are worth it on the smallest machine, too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: rooms.map((root) => ({
      extends: true as const,
      test: {
        name: root,
        root,
        include: [root === "tests" ? "scenarios/**/*.test.ts" : "test/**/*.test.ts"],
        testTimeout: 30_000,
        hookTimeout: 60_000,
      },
    })),
  },
});
