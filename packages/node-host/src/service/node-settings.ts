import { readFile } from "node:fs/promises";
import { writeFileAtomically } from "@saltgate/store";
import { ExitCode, NodeServiceError } from "./exit-codes.ts";

/** Where a node's gateway is. */
export interface NodeGateway {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Where a proxy serves it somewhere else than at the root. */
  readonly path?: string;
  readonly tlsFingerprint?: string;
}

/** What `node.json` of the state folder holds (documented shape). Never a secret. */
export interface NodeSettings {
  readonly version: 1;
  /** Names this installation; what a gateway calls the node's id is that of its key. */
  readonly nodeId: string;
  readonly displayName?: string;
  readonly gateway?: NodeGateway;
}

/** Reads the file; `undefined` when there is none. @throws {NodeServiceError} when it can't be used; it is left alone. */
export async function readNodeSettings(file: string): Promise<NodeSettings | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(file, "can't be read", cause);
  }
  try {
    return settingsOf(JSON.parse(text)) ?? fail(file);
  } catch (cause) {
    if (cause instanceof NodeServiceError) throw cause;
    throw unusable(file, "is no JSON", undefined); // the parser's message would quote what is in it
  }
}

/** Durable when it resolves. */
export async function writeNodeSettings(file: string, settings: NodeSettings): Promise<void> {
  await writeFileAtomically(file, `${JSON.stringify(settings, null, 2)}\n`);
}

function settingsOf(json: unknown): NodeSettings | undefined {
  if (!isRow(json) || json["version"] !== 1) return undefined;
  const { nodeId, displayName, gateway } = json;
  if (typeof nodeId !== "string" || nodeId === "") return undefined;
  const known = gateway === undefined || gateway === null ? undefined : gatewayOf(gateway);
  if (known === "invalid") return undefined;
  return {
    version: 1,
    nodeId,
    ...(typeof displayName === "string" && displayName !== "" && { displayName }),
    ...(known !== undefined && { gateway: known }),
  };
}

function gatewayOf(value: unknown): NodeGateway | "invalid" {
  if (!isRow(value)) return "invalid";
  const { host, port, tls, path, tlsFingerprint } = value;
  if (typeof host !== "string" || host === "" || !Number.isInteger(port)) return "invalid";
  return {
    host,
    port: port as number,
    tls: tls === true || typeof tlsFingerprint === "string",
    ...(typeof path === "string" && path !== "" && { path }),
    ...(typeof tlsFingerprint === "string" && tlsFingerprint !== "" && { tlsFingerprint }),
  };
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fail(file: string): never {
  throw unusable(file, "isn't what a node writes", undefined);
}

function unusable(file: string, why: string, cause: unknown): NodeServiceError {
  return new NodeServiceError("NODE_SETTINGS", `${file} ${why}. It was left as it is`, {
    exitCode: ExitCode.Config,
    mend: "Correct it, or move it away; then tell the node its gateway again with --url.",
    cause,
  });
}
