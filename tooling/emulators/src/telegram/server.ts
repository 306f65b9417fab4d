import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fault, FaultPlan } from "./faults.ts";
import { ApiRefusal, callMethod } from "./methods.ts";
import { type CallBody, parseCall, readBody } from "./request.ts";
import type { BotAccount, World } from "./world.ts";

/** The HTTP side of the Bot API, on a port of its own on loopback. */
export class BotApiServer {
  readonly #world: World;
  readonly #faults: FaultPlan;
  readonly #control: (body: string) => Promise<unknown>;
  readonly #server: Server;

  constructor(world: World, faults: FaultPlan, control: (body: string) => Promise<unknown>) {
    this.#world = world;
    this.#faults = faults;
    this.#control = control;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        if (!response.headersSent) answer(response, 500, { ok: false, error_code: 500, description: String(error) });
        else response.destroy();
      });
    });
    // A poll waits for as long as it was asked to.
    this.#server.requestTimeout = 0;
  }

  /** Listens, and tells where. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(port, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    if (path === "/control") {
      const result = await this.#control((await readBody(request)).toString("utf8"));
      return answer(response, 200, result);
    }
    const file = /^\/file\/bot([^/]+)\/(.+)$/.exec(path);
    if (file !== null) return this.#serveFile(response, decodeURIComponent(file[1] ?? ""), file[2] ?? "");
    const [, token = "", method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    const bot = this.#world.bots.get(decodeURIComponent(token));
    if (bot === undefined || bot.revoked) {
      const [code, description] = /^\d+:[\w-]{20,}$/.test(token) ? [401, "Unauthorized"] : [404, "Not Found"];
      await readBody(request);
      return answer(response, code as number, { ok: false, error_code: code, description });
    }
    await this.#call(bot, method, request, response);
  }

  #serveFile(response: ServerResponse, token: string, path: string): void {
    const fault = this.#faults.take("file");
    if (fault?.kind === "cut-before") {
      response.destroy();
      return;
    }
    const stored = [...this.#world.files.values()].find((one) => one.path === path);
    if (!this.#world.bots.has(token) || stored === undefined)
      return answer(response, 404, { ok: false, error_code: 404, description: "Not Found" });
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": stored.bytes.length });
    response.end(stored.bytes);
  }

  async #call(bot: BotAccount, method: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await parseCall(request.headers["content-type"] ?? "", await readBody(request));
    const fault = this.#faults.take(method);
    this.#world.calls.add({ token: bot.token, method, params: body.params, ...(fault && { fault: fault.kind }) });
    if (fault !== undefined && !(await this.#isLetThrough(fault, bot, method, body, response))) return;
    try {
      const result =
        method.toLowerCase() === "getupdates"
          ? await this.#poll(bot, body, response)
          : this.#carryOut(bot, method, body);
      answer(response, 200, { ok: true, result });
    } catch (error) {
      refuse(response, error);
    }
  }

  /** Does what a fault says. Returns whether the call goes on as if nothing had been. */
  async #isLetThrough(
    fault: Fault,
    bot: BotAccount,
    method: string,
    body: CallBody,
    response: ServerResponse,
  ): Promise<boolean> {
    switch (fault.kind) {
      case "rate": {
        const after = fault.retryAfterS ?? 1;
        refuse(response, new ApiRefusal(429, `Too Many Requests: retry after ${after}`, { retry_after: after }));
        return false;
      }
      case "conflict":
        refuse(
          response,
          new ApiRefusal(
            409,
            fault.description ??
              "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
          ),
        );
        return false;
      case "unauthorized":
        refuse(response, new ApiRefusal(401, "Unauthorized"));
        return false;
      case "refused":
        refuse(response, new ApiRefusal(400, fault.description ?? "Bad Request"));
        return false;
      case "error-before":
        response.writeHead(502, { "content-type": "text/html" }).end("<html>Bad Gateway</html>");
        return false;
      case "error-after":
        this.#carryOut(bot, method, body);
        response.writeHead(502, { "content-type": "text/html" }).end("<html>Bad Gateway</html>");
        return false;
      case "cut-before":
        response.destroy();
        return false;
      case "cut-after":
        this.#carryOut(bot, method, body);
        response.destroy();
        return false;
      case "silent":
        return false;
      case "silent-after":
        this.#carryOut(bot, method, body);
        return false;
      case "held":
        await this.#faults.hold(method);
        return true;
      default:
        return fault.kind satisfies never;
    }
  }

  #carryOut(bot: BotAccount, method: string, { params, uploads }: CallBody): unknown {
    const result = callMethod(method, { world: this.#world, bot, params, uploads });
    this.#world.calls.changed();
    return result;
  }

  async #poll(bot: BotAccount, { params }: CallBody, response: ServerResponse): Promise<unknown> {
    if (bot.webhook !== undefined)
      throw new ApiRefusal(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    bot.queue.allow(params["allowed_updates"]);
    const offset = Number(params["offset"] ?? 0);
    if (offset > 0) bot.queue.confirmBelow(offset);
    const limit = Math.min(Number(params["limit"] ?? 100), 100);
    const { ended, cancel } = bot.queue.poll(limit, Number(params["timeout"] ?? 0) * 1_000);
    this.#world.calls.changed();
    // Whoever hangs up doesn't poll any more.
    response.once("close", cancel);
    const end = await ended;
    response.off("close", cancel);
    this.#world.calls.changed();
    if ("conflict" in end) throw new ApiRefusal(409, end.conflict);
    return end.updates;
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  const refusal = error instanceof ApiRefusal ? error : new ApiRefusal(500, `Internal Server Error: ${String(error)}`);
  answer(response, refusal.code, {
    ok: false,
    error_code: refusal.code,
    description: refusal.message,
    ...(refusal.parameters !== undefined && { parameters: refusal.parameters }),
  });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
