import { explainAll, type KeyExplanation } from "./explain.ts";

const effects = {
  live: "takes effect at once",
  channel: "restarts the channel",
  gateway: "restarts the gateway",
} as const;

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function row(key: KeyExplanation): string {
  const what = key.sensitive ? `${key.description} **Secret.**` : key.description;
  return `| \`${key.path}\` | ${cell(what)} | ${cell(key.type)} | ${cell(key.default ?? "")} | ${effects[key.reload]} |`;
}

/** docs/configuration.md: every key, from the same notes that the gateway goes by. */
export function configReference(): string {
  const known = explainAll().filter(({ path }) => path !== "$schema" && path !== "meta");
  const paths = new Set(known.map(({ path }) => path));
  // Each account has the keys of its channel: said once, not key by key.
  const isRepeated = (path: string): boolean => paths.has(path.replace(/\.\w+\.<id>\./, "."));
  const all = known.filter(({ path }) => !path.includes(".<id>.") || !isRepeated(path));
  const repeated = new Set(
    known.filter((key) => !all.includes(key)).map(({ path }) => path.slice(0, path.indexOf(".<id>."))),
  );
  const used = all.filter(({ later }) => !later);
  const later = all.filter((key) => key.later);
  return `# Configuration

<!-- Made from packages/config by \`configReference()\`. Change the notes there, not this page. -->

The file is \`saltgate.json\` in the state folder, \`~/.saltgate\` unless \`--profile\`, \`--dev\` or \`SALTGATE_STATE_DIR\` name another
one; \`SALTGATE_CONFIG_PATH\` names the file itself. It is JSON5: comments, trailing commas and unquoted keys are fine.

- A key that doesn't exist, or a value that isn't allowed, is an error that names file, line and nearest key. The gateway
  then goes on with the last configuration that was good.
- \`\${NAME}\` in a text is replaced by that environment variable; \`$\${NAME}\` is the literal text.
- \`$schema\` and \`meta\` may be there and are ignored.
- A gateway that runs reads the file when it restarts: \`kill -USR1\` and the process that \`saltgate gateway status\` names. The
  last column says what a change is to need once it is noticed by itself, which it isn't yet.
${[...repeated].map((path) => `- \`${path}.<id>\` takes the keys of \`${path.slice(0, path.lastIndexOf("."))}\`, for one of them alone, and stronger there.`).join("\n")}

| key | what it is | a value must be | default | a change |
| --- | --- | --- | --- | --- |
${used.map(row).join("\n")}

## Understood, but not used yet

These keys are accepted with a warning.

| key | what it is for |
| --- | --- |
${later.map((key) => `| \`${key.path}\` | ${cell(key.description)} |`).join("\n")}
`;
}
