/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    { name: "packages-not-apps", severity: "error", from: { path: "^packages/" }, to: { path: "^apps/" } },
    {
      name: "apps-not-each-other",
      severity: "error",
      from: { path: "^apps/([^/]+)/" },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    {
      name: "only-through-the-front-door",
      comment: "A package is entered by the entries of its own manifest, never by a path into it.",
      severity: "error",
      from: { path: "^(packages|apps)/((?:channels/|backends/)?[^/]+)/" },
      to: {
        path: "^packages/",
        pathNot:
          "^packages/($2/|(channels/|backends/)?[^/]+/src/(index|node|node/index|service/index|[a-z-]+/index)\\.ts$)",
      },
    },
    {
      name: "nothing-published-uses-tooling",
      severity: "error",
      from: { path: "^(packages|apps)/" },
      to: { path: "^(tooling|tests|examples)/" },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: "tooling/layers/tsconfig.cruise.json" },
    includeOnly: "^(packages|apps|tooling|tests|examples)/",
    exclude: { path: "(^|/)(dist|node_modules|test|generated)/|rolldown\\.config" },
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@saltgate/source", "node", "default"],
      extensions: [".ts", ".js", ".mjs"],
    },
  },
};
