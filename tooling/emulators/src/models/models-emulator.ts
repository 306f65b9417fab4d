import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { anthropicBody, anthropicEvents } from "./anthropic-wire.ts";
import { defaultAnswer, type ModelFault, type ModelRule, ruleApplies } from "./model-script.ts";
import { openAiBody, openAiEvents } from "./openai-wire.ts";
import { errorBody, type HttpRefusal, refusalFor } from "./refusal.ts";
import { type ModelApi, mistakeOf, readRequest, type SeenRequest } from "./seen-request.ts";

/** How the emulator is set up. */
export interface ModelsEmulatorOptions {
  /** Requests without it are refused. @default every request is let in */
  readonly apiKey?: string;
  /** What `/v1/models` tells. @default one */
  readonly models?: readonly string[];
}

/** Most requests that are remembered; the oldest go first. */
const MAX_SEEN = 1_000;
/** Largest request, in bytes. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * A server on loopback that speaks OpenAI's chat completions under `/v1/chat/completions` and Anthropic's messages under
 * `/v1/messages`, and answers by rules. It refuses what the real services refuse: wrong keys, calls of tools without
 * results, thinking that was changed.
 */
export class ModelsEmulator implements AsyncDisposable {
  /** Where it listens, without a path. */
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;
  readonly #options: ModelsEmulatorOptions;
  readonly #seen: SeenRequest[] = [];
  #rules: { readonly rule: ModelRule; left: number }[] = [];
  readonly #cutByUs = new WeakSet<ServerResponse>();
  #count = 0;
  #hungUp = 0;
  #released = 0;
  #watchers: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  private constructor(server: ReturnType<typeof createServer>, options: ModelsEmulatorOptions) {
    this.#server = server;
    this.#options = options;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** Starts one on a port that the system chooses. */
  static async start(options: ModelsEmulatorOptions = {}): Promise<ModelsEmulator> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ModelsEmulator(server, options);
  }

  /** Requests to think, oldest first. */
  get requests(): readonly SeenRequest[] {
    return this.#seen;
  }

  /** How many requests to think have come since the start. */
  get count(): number {
    return this.#count;
  }

  /** How many requests were given up by whoever made them. */
  get hungUp(): number {
    return this.#hungUp;
  }

  /** Adds rules. The first that applies decides; those that came earlier come first. */
  script(...rules: readonly ModelRule[]): void {
    this.#rules.push(...rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY })));
  }

  /** Forgets all rules. */
  clear(): void {
    this.#rules = [];
  }

  /** Lets so many events of streams with a manual pace out. */
  release(events: number): void {
    this.#released += events;
    this.#notify();
  }

  /** Resolves once so many requests have come since the start. */
  async received(count: number): Promise<void> {
    await this.#until(() => this.#count >= count);
  }

  /** Resolves once so many requests were given up by whoever made them. */
  async abandoned(count: number): Promise<void> {
    await this.#until(() => this.#hungUp >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const api: ModelApi = path.endsWith("/messages") ? "anthropic-messages" : "openai-completions";
    if (request.method === "GET" && path === "/v1/models") return sendJson(response, this.#modelList());
    const isKnown = request.method === "POST" && /^\/v1\/(chat\/completions|messages)$/.test(path);
    if (!isKnown) return refuse(response, refusal(api, 404, "not_found_error", "Not found"));
    const body = await readBody(request);
    const seen = readRequest(api, path, request.headers, body);
    this.#note(seen, response);
    if (!this.#isLetIn(seen)) return refuse(response, refusalFor({ kind: "unauthorized" }, api));
    const mistake = mistakeOf(seen);
    if (mistake !== undefined) return refuse(response, refusal(api, 400, "invalid_request_error", mistake));
    await this.#answer(seen, this.#ruleFor(seen), response);
  }

  async #answer(seen: SeenRequest, rule: ModelRule, response: ServerResponse): Promise<void> {
    const { fault } = rule;
    if (fault?.kind === "hang-before") return;
    const refused = fault === undefined ? undefined : refusalFor(fault, seen.api);
    if (refused !== undefined) return refuse(response, refused);
    const answer = rule.answer ?? defaultAnswer(seen);
    const id = `${seen.api === "anthropic-messages" ? "msg" : "chatcmpl"}_${String(this.#count).padStart(6, "0")}`;
    if (!seen.isStream)
      return sendJson(response, (seen.api === "anthropic-messages" ? anthropicBody : openAiBody)(answer, seen, id));
    const events = (seen.api === "anthropic-messages" ? anthropicEvents : openAiEvents)(answer, seen, id);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
    response.flushHeaders();
    await this.#stream(events, fault, rule.pace, seen.api, response);
  }

  async #stream(
    events: readonly string[],
    fault: ModelFault | undefined,
    pace: ModelRule["pace"],
    api: ModelApi,
    response: ServerResponse,
  ): Promise<void> {
    const breaksAfter = fault !== undefined && "afterChunks" in fault ? fault.afterChunks : Number.POSITIVE_INFINITY;
    for (const [index, text] of events.entries()) {
      if (index >= breaksAfter) break;
      await this.#paced(pace);
      if (response.destroyed) return;
      if (!response.write(text.replaceAll("{{now}}", () => String(Date.now()))))
        await Promise.race([once(response, "drain"), once(response, "close")]);
    }
    switch (fault?.kind) {
      case "hang-after":
        return;
      case "cut":
        // What was written gets out first: a cut is in the middle, and not before it.
        await new Promise<void>((resolve) => response.write(": \n\n", () => resolve()));
        this.#cutByUs.add(response);
        response.destroy();
        return;
      case "malformed":
        response.end('data: {"choices": [{"delta"\n\n');
        return;
      case "error-in-stream":
        response.end(
          `event: error\ndata: ${JSON.stringify(errorBody(api, ["overloaded_error", null], "overloaded_error", "Overloaded"))}\n\n`,
        );
        return;
      default:
        response.end();
    }
  }

  async #paced(pace: ModelRule["pace"]): Promise<void> {
    if (pace === undefined) return;
    if (pace !== "manual") return await new Promise((resolve) => setTimeout(resolve, pace));
    // Several streams may wait: whoever finds something released takes it in the same breath.
    while (this.#released <= 0) await this.#until(() => this.#released > 0);
    this.#released -= 1;
  }

  #isLetIn({ api, headers }: SeenRequest): boolean {
    const { apiKey } = this.#options;
    if (apiKey === undefined) return true;
    return api === "anthropic-messages"
      ? headers["x-api-key"] === apiKey || headers.authorization === `Bearer ${apiKey}`
      : headers.authorization === `Bearer ${apiKey}`;
  }

  #ruleFor(seen: SeenRequest): ModelRule {
    const found = this.#rules.find(({ rule, left }) => left > 0 && ruleApplies(rule, seen));
    if (found !== undefined) found.left -= 1;
    return found?.rule ?? {};
  }

  #note(seen: SeenRequest, response: ServerResponse): void {
    this.#count += 1;
    this.#seen.push(seen);
    if (this.#seen.length > MAX_SEEN) this.#seen.shift();
    response.once("close", () => {
      if (response.writableFinished || this.#cutByUs.has(response)) return;
      this.#hungUp += 1;
      this.#notify();
    });
    this.#notify();
  }

  #modelList(): unknown {
    const { models = ["emulated-1"] } = this.#options;
    return { object: "list", data: models.map((id) => ({ id, object: "model", created: 0, owned_by: "emulator" })) };
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.push({ holds, resolve }));
  }

  #notify(): void {
    const waiting = this.#watchers;
    this.#watchers = [];
    for (const watcher of waiting) {
      if (watcher.holds()) watcher.resolve();
      else this.#watchers.push(watcher);
    }
  }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += (piece as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError("the request is too large");
    pieces.push(piece as Buffer);
  }
  return JSON.parse(Buffer.concat(pieces).toString("utf8")) as Record<string, unknown>;
}

function refusal(api: ModelApi, status: number, type: string, message: string): HttpRefusal {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(errorBody(api, [type, null], type, message)),
  };
}

function refuse(response: ServerResponse, refused: HttpRefusal | undefined): void {
  if (refused === undefined) return;
  response.writeHead(refused.status, { ...refused.headers }).end(refused.body);
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
