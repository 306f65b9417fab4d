import { BackendError, isBackendError } from "@saltgate/agent";
import { backendErrorOf, type Failure } from "./failure.ts";
import type { ModelProvider } from "./models-options.ts";
import { StrangeAnswer } from "./watched-fetch.ts";

/** How deep an error is looked into. */
const MAX_DEPTH = 6;

/**
 * What went wrong while a model was asked, as an error for people. The SDK's own errors hold the address, the request and
 * what the server said, so that none of them is passed on as a cause.
 */
export function backendErrorFrom(error: unknown, provider: ModelProvider, model: string, nowMs: number): BackendError {
  if (isBackendError(error)) return error;
  const chain = chainOf(error);
  const strange = chain.find((one) => one instanceof StrangeAnswer);
  if (strange !== undefined)
    return new BackendError("format", `${provider.id}/${model} failed. The server at its address ${strange.message}`);
  const failure = failureIn(chain);
  if (failure !== undefined) return backendErrorOf(failure, provider, model, nowMs);
  const code = chain
    .map((one) => one["code"])
    .find((one): one is string => typeof one === "string" && /^[A-Z_]{3,40}$/.test(one));
  if (code !== undefined) return new BackendError("unavailable", unreachable(code, provider, model));
  // What the SDK says when a stream ends without its last event; other invalid data comes with the data.
  if (chain.some((one) => one.name === "AI_InvalidResponseDataError" && one["data"] === undefined))
    return new BackendError("unavailable", `${provider.id}/${model} stopped in the middle of its answer.`);
  if (
    chain.some(({ name }) =>
      /(TypeValidation|JSONParse|InvalidResponseData|EmptyResponseBody)Error$/.test(String(name)),
    )
  )
    return new BackendError("format", `${provider.id}/${model} failed. It sent something that can't be read.`);
  return new BackendError("unknown", `${provider.id}/${model} failed.`);
}

type Inspected = Error & Readonly<Record<string, unknown>>;

function chainOf(error: unknown): readonly Inspected[] {
  const chain: Inspected[] = [];
  let next: unknown = error;
  while (typeof next === "object" && next !== null && chain.length < MAX_DEPTH) {
    chain.push(next as Inspected);
    next = (next as Inspected)["cause"] ?? (next as Inspected)["lastError"];
  }
  return chain;
}

/** What a provider said: in an answer that isn't 200, or in the middle of a stream. */
function failureIn(chain: readonly Inspected[]): Failure | undefined {
  for (const one of chain) {
    const body = bodyOf(one);
    const answered = typeof one["statusCode"] === "number" && one["statusCode"] >= 400 ? one["statusCode"] : undefined;
    if (answered === undefined && body === undefined) continue;
    // In the middle of a stream the status can only be told as a code.
    const told = /^[45]\d\d$/.test(body?.code ?? "") ? Number(body?.code) : undefined;
    return {
      status: answered ?? told,
      headers: one["responseHeaders"] as Failure["headers"],
      words: one.message,
      ...body,
    };
  }
  return undefined;
}

type Said = Pick<Failure, "type" | "code" | "words">;

function bodyOf(one: Inspected): Said | undefined {
  for (const body of [one["data"], parsed(one["responseBody"]), one["value"]]) {
    const said = saidIn(body);
    if (said !== undefined) return said;
  }
  // Codes of the network are no words of a provider.
  return one instanceof Error && typeof one["type"] !== "string" ? undefined : saidIn(one);
}

/** What a provider says in a body: an error, a list of one (Gemini), a bare text (LM Studio), or with no frame (vLLM). */
function saidIn(body: unknown): Said | undefined {
  const outer = (Array.isArray(body) ? body[0] : body) as Readonly<Record<string, unknown>> | null | undefined;
  if (typeof outer !== "object" || outer === null) return undefined;
  const bare = [outer["error"], outer["detail"]].find((text) => typeof text === "string" && text !== "");
  if (typeof bare === "string") return { words: bare };
  const framed = typeof outer["error"] === "object" && outer["error"] !== null ? outer["error"] : outer;
  const { code, message, type } = framed as Readonly<Record<string, unknown>>;
  if (typeof message !== "string") return undefined;
  return {
    words: message,
    type: typeof type === "string" ? type : undefined,
    code: typeof code === "string" || typeof code === "number" ? String(code) : undefined,
  };
}

function parsed(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (is it running?)",
  ENOTFOUND: "its host name has no address",
  EAI_AGAIN: "its host name can't be looked up for now",
  ECONNRESET: "it closed the connection in the middle",
  UND_ERR_SOCKET: "it closed the connection in the middle",
  EPIPE: "it closed the connection in the middle",
  ETIMEDOUT: "it can't be reached",
  UND_ERR_CONNECT_TIMEOUT: "it can't be reached",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
};

function unreachable(code: string, { id, baseUrl }: ModelProvider, model: string): string {
  const { host } = new URL(baseUrl);
  return `${id}/${model} can't be reached at ${host}: ${NETWORK[code] ?? code}. See models.providers.${id}.baseUrl.`;
}
