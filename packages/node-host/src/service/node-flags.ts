import { parseArgs } from "node:util";
import { ExitCode, NodeServiceError } from "./exit-codes.ts";

/** What a command of a node was told. */
export interface NodeFlags {
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly tls: boolean;
  readonly tlsFingerprint: string | undefined;
  readonly displayName: string | undefined;
  readonly nodeId: string | undefined;
  /** After joining, go on as the node. */
  readonly run: boolean;
  readonly json: boolean;
  readonly profile: string | undefined;
  readonly dev: boolean;
  readonly help: boolean;
  /** What follows the command. */
  readonly positionals: readonly string[];
}

/** The flags of all commands of a node, for their help and for shell completion. */
export const NODE_FLAGS = {
  url: { type: "string", argument: "<ws-url>", help: "The gateway, ws:// or wss://" },
  host: { type: "string", argument: "<name>", help: "Its machine (127.0.0.1)" },
  port: { type: "string", argument: "<port>", help: "Its port (18789)" },
  tls: { type: "boolean", help: "Connect with wss" },
  "tls-fingerprint": { type: "string", argument: "<sha256>", help: "The only certificate to accept there" },
  "display-name": { type: "string", argument: "<name>", help: "What the owner sees (the machine's name)" },
  "node-id": { type: "string", argument: "<id>", help: "Name of this installation; the node's id is its key's" },
  run: { type: "boolean", help: "After joining, go on as the node" },
  json: { type: "boolean", help: "For programs: answers and log lines in JSON on standard output" },
  profile: { type: "string", argument: "<name>", help: "Use the state of this profile" },
  dev: { type: "boolean", help: "The profile dev" },
  help: { type: "boolean", short: "h", help: "Say how this works" },
} as const;

/** What a command line of other programs may say here, and where it belongs instead. */
const NOT_HERE: Readonly<Record<string, string>> = {
  token: "a node takes its gateway's token from SALTGATE_GATEWAY_TOKEN, where no list of processes shows it",
  password: "a node takes its gateway's password from SALTGATE_GATEWAY_PASSWORD, where no list of processes shows it",
  timeout: "a node waits for as long as it takes",
};

/** Reads the words after a command's name. @throws {NodeServiceError} with {@link ExitCode.Usage} */
export function parseNodeFlags(words: readonly string[]): NodeFlags {
  const misplaced = words
    .map((word) => /^--(\w+)/.exec(word)?.[1])
    .find((name) => name !== undefined && name in NOT_HERE);
  if (misplaced !== undefined) throw usage(`there is no --${misplaced}: ${NOT_HERE[misplaced]}`);
  let values: { readonly [name: string]: string | boolean | undefined };
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({
      args: [...words],
      options: NODE_FLAGS,
      strict: true,
      allowPositionals: true,
    }));
  } catch (error) {
    throw usage(error instanceof Error ? (error.message.split(". ")[0] ?? "") : "the flags can't be read");
  }
  const text = (name: keyof typeof NODE_FLAGS): string | undefined => {
    const value = values[name];
    if (value === "") throw usage(`--${name} needs a value`);
    return typeof value === "string" ? value : undefined;
  };
  const url = text("url");
  const host = text("host");
  const port = portOf(text("port"));
  if (url !== undefined && (host !== undefined || port !== undefined || values["tls"] === true))
    throw usage("--url says it all: give it, or --host, --port and --tls");
  const tlsFingerprint = text("tls-fingerprint")?.replaceAll(":", "").toLowerCase();
  if (tlsFingerprint !== undefined && !/^[0-9a-f]{64}$/.test(tlsFingerprint))
    throw usage("--tls-fingerprint is a SHA-256 in hex: 64 digits");
  return {
    url,
    host,
    port,
    tls: values["tls"] === true,
    tlsFingerprint,
    displayName: text("display-name")?.slice(0, 120),
    nodeId: text("node-id")?.slice(0, 120),
    run: values["run"] === true,
    json: values["json"] === true,
    profile: text("profile"),
    dev: values["dev"] === true,
    help: values["help"] === true,
    positionals,
  };
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw usage("--port is a whole number from 1 to 65535");
}

function usage(message: string): NodeServiceError {
  return new NodeServiceError("USAGE", message, { exitCode: ExitCode.Usage });
}
