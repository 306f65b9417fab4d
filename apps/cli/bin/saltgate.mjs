#!/usr/bin/env node
// The compiled code of what comes next is kept between runs, so that a command answers at once. This file stays tiny:
// only what is imported after the cache is on comes out of it.
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
