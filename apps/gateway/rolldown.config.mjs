import { readFileSync } from "node:fs";
import { defineConfig } from "rolldown";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

// One entry, and a chunk for each thing that is loaded lazily. Everything that the service needs is inside.
export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  external: [/^node:/, "bufferutil", "utf-8-validate"],
  resolve: { conditionNames: ["@saltgate/source", "node", "default"] },
  transform: { define: { __SALTGATE_VERSION__: JSON.stringify(version) } },
  output: {
    dir: "dist",
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    cleanDir: true,
    minify: { compress: true, mangle: false, codegen: true },
  },
});
