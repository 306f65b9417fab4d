#!/usr/bin/env node
// See apps/cli/bin/saltgate.mjs: the compile cache serves what is imported after it is on.
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Saltgate needs Node 22.18 or newer, and this is ${process.versions.node}.\nGet a newer one from https://nodejs.org; in a clone of the repository "npm run --silent saltgate --" brings its own.\n`,
  );
  process.exit(78);
}

module.enableCompileCache?.();
await import("../dist/main.js");
