#!/usr/bin/env node
// The compiled code of what comes next is kept between runs, so that a command answers at once. This file stays tiny:
// only what is imported after the cache is on comes out of it.
import module from "node:module";

module.enableCompileCache?.();
await import("../dist/main.js");
