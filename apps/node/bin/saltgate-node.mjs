#!/usr/bin/env node
// See apps/cli/bin/saltgate.mjs: the compile cache serves what is imported after it is on.
import module from "node:module";

module.enableCompileCache?.();
await import("../dist/saltgate-node.js");
