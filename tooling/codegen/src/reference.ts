import {
  CLIENT_BRANDS,
  CLIENT_MODES,
  CLOSE_CODES,
  type CloseCodeEntry,
  CONNECT,
  DETAIL_CODES,
  type DetailCodeEntry,
  EVENT_FAMILIES,
  type EventDescription,
  LIMITS,
  METHOD_FAMILIES,
  type MethodDescription,
  PROTOCOL_VERSIONS,
  requiredScope,
  SCOPES,
  scopeSatisfies,
} from "@saltgate/protocol";
import { type Definitions, paramsName, payloadName, resultName, type Schema } from "./json-schema.ts";
import { anchor, isEmpty, shapeText, table } from "./shape-table.ts";

const code = (text: string): string => `\`${text}\``;

/** The rows of the detail codes. */
function detailCodeTable(): string {
  return table(
    ["details.code", "code", "meaning", "what mends it", "same request again"],
    Object.entries<DetailCodeEntry>(DETAIL_CODES).map(([name, entry]) => [
      code(name),
      code(entry.code),
      entry.meaning,
      entry.mend,
      entry.retryable ? "may work later" : "no",
    ]),
  );
}

/** The rows of the close codes. */
function closeCodeTable(): string {
  const words = { yes: "yes", no: "no", "after-approval": "after the owner has approved" } as const;
  return table(
    ["code", "reason", "sent by", "meaning", "come back by itself"],
    Object.values<CloseCodeEntry>(CLOSE_CODES).map(({ code: number, reason, sentBy, meaning, mayReconnect }) => [
      String(number),
      reason === "" ? "(empty)" : code(reason),
      sentBy,
      meaning,
      words[mayReconnect],
    ]),
  );
}

function scopeTable(): string {
  return table(
    ["scope", "implies"],
    SCOPES.map((scope) => [
      code(scope),
      SCOPES.filter((other) => other !== scope && scopeSatisfies([scope], other))
        .map(code)
        .join(", ") || "nothing else",
    ]),
  );
}

function scopeText(method: MethodDescription): string {
  if (method.role === "node") return "none; role `node` only";
  const versions = PROTOCOL_VERSIONS.filter(
    (version) => method.since <= version && version <= (method.until ?? version),
  );
  const scopes = versions.map((version) => requiredScope(method, version));
  const [first] = scopes;
  if (scopes.every((scope) => scope === first)) return first === undefined ? "none" : code(first);
  return versions.map((version, index) => `${code(scopes[index] ?? "none")} (revision ${version})`).join(", ");
}

function definition(definitions: Definitions, name: string): Schema {
  const schema = definitions[name];
  if (schema === undefined) throw new Error(`no definition is called ${name}`);
  return schema;
}

function section(label: string, schema: Schema, nothing: string): string[] {
  if (isEmpty(schema)) return [`${label}: ${nothing}.`, ""];
  const text = shapeText(schema);
  return text.startsWith("|") ? [`${label}:`, "", text, ""] : [`${label}: ${text}`, ""];
}

function methodText(definitions: Definitions, name: string, method: MethodDescription): string[] {
  const revisions = method.until === undefined ? `since ${method.since}` : `${method.since} to ${method.until}`;
  const facts = [
    `role ${code(method.role)}`,
    `scope ${scopeText(method)}`,
    `revisions ${revisions}`,
    method.status === "served" ? "**served**" : "planned",
    ...(method.idempotent === true ? ["idempotent"] : []),
    ...(method.unlisted === undefined ? [] : [`not advertised in revision ${method.unlisted.join(" and ")}`]),
  ];
  return [
    `#### ${name}`,
    "",
    method.summary,
    "",
    `${facts.join(" · ")}`,
    "",
    ...section("Params", definition(definitions, paramsName(name)), "none"),
    ...section("Result", definition(definitions, resultName(name)), "an empty object"),
    ...(method.notes === undefined ? [] : [method.notes, ""]),
  ];
}

function methodsText(definitions: Definitions): string {
  return METHOD_FAMILIES.flatMap(({ title, about, methods }) => [
    `### ${title}`,
    "",
    about,
    "",
    ...Object.entries(methods).flatMap(([name, method]) => methodText(definitions, name, method)),
  ])
    .join("\n")
    .trimEnd();
}

function methodIndex(): string {
  return table(
    ["family", "methods"],
    METHOD_FAMILIES.map(({ title, methods }) => [
      `[${title}](#${anchor(title)})`,
      Object.entries(methods)
        .map(([name, { status }]) => (status === "served" ? `**${code(name)}**` : code(name)))
        .join(" "),
    ]),
  );
}

const AUDIENCES: Readonly<Record<EventDescription["audience"], string>> = {
  everyone: "every connection",
  operators: "operators",
  target: "the one connection that it is meant for",
};

function eventText(definitions: Definitions, name: string, event: EventDescription): string[] {
  const facts = [
    `to ${AUDIENCES[event.audience]}${event.scope === undefined ? "" : ` with ${code(event.scope)}`}`,
    `since ${event.since}`,
    event.status === "served" ? "**served**" : "planned",
    event.droppable ? "a slow reader may miss it" : "never dropped",
    ...(event.stateful === true ? ["carries `stateVersion`"] : []),
  ];
  return [
    `#### Event ${name}`,
    "",
    event.summary,
    "",
    facts.join(" · "),
    "",
    ...section("Payload", definition(definitions, payloadName(name)), "an empty object"),
    ...(event.notes === undefined ? [] : [event.notes, ""]),
  ];
}

function eventsText(definitions: Definitions): string {
  return EVENT_FAMILIES.flatMap(({ title, events }) => [
    `### Events: ${title}`,
    "",
    ...Object.entries(events).flatMap(([name, event]) => eventText(definitions, name, event)),
  ])
    .join("\n")
    .trimEnd();
}

/** Names that have a section of their own elsewhere on the page. */
function sharedNames(definitions: Definitions): string[] {
  const elsewhere = new Set([
    "RequestFrame",
    "ResponseFrame",
    "EventFrame",
    "ConnectChallenge",
    "ConnectParams",
    "HelloOkV3",
    "HelloOkV4",
    ...METHOD_FAMILIES.flatMap(({ methods }) =>
      Object.keys(methods).flatMap((name) => [paramsName(name), resultName(name)]),
    ),
    ...EVENT_FAMILIES.flatMap(({ events }) => Object.keys(events).map(payloadName)),
  ]);
  return Object.keys(definitions).filter((name) => !elsewhere.has(name));
}

function sharedText(definitions: Definitions): string {
  return sharedNames(definitions)
    .flatMap((name) => {
      const schema = definition(definitions, name);
      return [
        `#### ${name}`,
        "",
        ...(schema.description === undefined ? [] : [schema.description, ""]),
        shapeText(schema),
        "",
      ];
    })
    .join("\n")
    .trimEnd();
}

function limitsText(comments: ReadonlyMap<string, string>): string {
  return table(
    ["name", "value", "meaning"],
    Object.entries(LIMITS).map(([name, value]) => [code(name), String(value), comments.get(name) ?? ""]),
  );
}

/** The words that `limits.ts` says about each bound: its doc comments are the only place where they stand. */
export function limitComments(source: string): Map<string, string> {
  return new Map(
    [...source.matchAll(/\/\*\* ([^*]+) \*\/\n\s+(\w+):/g)].map((match) => [match[2] ?? "", match[1] ?? ""]),
  );
}

function differences(): string {
  const methods: [string, MethodDescription][] = METHOD_FAMILIES.flatMap(({ methods: members }) =>
    Object.entries(members),
  );
  const events: [string, EventDescription][] = EVENT_FAMILIES.flatMap(({ events: members }) => Object.entries(members));
  const list = (names: readonly string[]): string => names.map(code).join(" ") || "none";
  const moved = methods.filter(([, { scope }]) => scope !== undefined && typeof scope !== "string");
  return table(
    ["what", "which"],
    [
      ["methods that came with revision 4", list(methods.filter(([, { since }]) => since === 4).map(([name]) => name))],
      [
        "methods that ended with revision 3",
        list(methods.filter(([, { until }]) => until === 3).map(([name]) => name)),
      ],
      ["events that came with revision 4", list(events.filter(([, { since }]) => since === 4).map(([name]) => name))],
      [
        "methods that need another scope",
        moved.map(([name, method]) => `${code(name)}: ${scopeText(method)}`).join("; "),
      ],
    ],
  );
}

/**
 * The reference page: the prose of the template, with each `{{name}}` replaced by what the descriptions say.
 * @throws {Error} when the template asks for something unknown, or leaves something out.
 */
export function referencePage(definitions: Definitions, template: string, limitsSource: string): string {
  const parts: Readonly<Record<string, () => string>> = {
    limits: () => limitsText(limitComments(limitsSource)),
    scopes: scopeTable,
    brands: () => CLIENT_BRANDS.map(code).join(", "),
    modes: () => CLIENT_MODES.map(code).join(", "),
    requestFrame: () => shapeText(definition(definitions, "RequestFrame")),
    responseFrame: () => shapeText(definition(definitions, "ResponseFrame")),
    eventFrame: () => shapeText(definition(definitions, "EventFrame")),
    connectChallenge: () => shapeText(definition(definitions, "ConnectChallenge")),
    connectSummary: () => `${CONNECT.summary} ${CONNECT.notes ?? ""}`.trim(),
    connectParams: () => shapeText(definition(definitions, "ConnectParams")),
    helloOkV3: () => shapeText(definition(definitions, "HelloOkV3")),
    helloOkV4: () => shapeText(definition(definitions, "HelloOkV4")),
    detailCodes: detailCodeTable,
    closeCodes: closeCodeTable,
    methodIndex,
    methods: () => methodsText(definitions),
    events: () => eventsText(definitions),
    shapes: () => sharedText(definitions),
    differences,
  };
  const used = new Set<string>();
  const page = template.replaceAll(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`the template asks for {{${name}}}, which nothing makes`);
    used.add(name);
    return part();
  });
  const unused = Object.keys(parts).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`the template leaves out {{${unused.join("}}, {{")}}}`);
  return `${page.trimEnd()}\n`;
}

/** The page of error and close codes. */
export function errorsPage(): string {
  return `<!-- Generated by \`pnpm protocol:gen\` from the tables in packages/protocol. Do not edit. -->

# Errors

A failed request is answered with \`{"type":"res","id":"…","ok":false,"error":{…}}\`. \`error.code\` says what kind of
failure it was, \`error.details.code\` which one, \`error.message\` is for people. Match on the codes, never on the
message. \`error.retryable\` says that the same request may work later without anybody acting, and
\`error.retryAfterMs\` how long to wait.

\`FORBIDDEN\` and \`APPROVAL_NOT_FOUND\` exist since revision 4 of the protocol: a client of revision 3 reads
\`INVALID_REQUEST\` in their place, with the same details. \`NOT_LINKED\` and \`AGENT_TIMEOUT\` are known words of the
protocol that this gateway does not send.

## Detail codes

${detailCodeTable()}

## Close codes

The reason of a close frame is cut to ${LIMITS.maxCloseReasonBytes} bytes. When a response came before it, that response says more.

${closeCodeTable()}
`;
}
