// Bundles the app in the current folder: one entry, and a chunk for each thing that is loaded lazily. Everything that
// the app needs is inside, so that what is installed has no dependencies. `--single NAME` makes it one file, NAME.js.
import { readFileSync } from "node:fs";
import { build } from "rolldown";

const single = process.argv[2] === "--single" ? process.argv[3] : undefined;
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

await build({
  input: "src/main.ts",
  platform: "node",
  external: [/^node:/, "bufferutil", "utf-8-validate"],
  resolve: { conditionNames: ["@saltgate/source", "node", "default"] },
  // A package's list of exports is followed only where it leads, or whoever takes one thing of a package loads it all.
  experimental: { lazyBarrel: true },
  transform: { define: { __SALTGATE_VERSION__: JSON.stringify(version) } },
  output: {
    dir: "dist",
    format: "esm",
    entryFileNames: single === undefined ? "[name].js" : `${single}.js`,
    ...(single !== undefined && { codeSplitting: false }),
    chunkFileNames: "chunks/[name]-[hash].js",
    cleanDir: true,
    minify: { compress: true, mangle: false, codegen: true },
  },
});
