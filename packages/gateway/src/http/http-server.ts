import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import websocket from "@fastify/websocket";
import { LIMITS } from "@saltgate/protocol";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { hasSecretInQuery, isCanonicalTarget } from "../address/request-path.ts";
import { METRICS_CONTENT_TYPE, type Metric, renderMetrics } from "./metrics.ts";
import { PAGE, PAGE_CSS, SECURITY_HEADERS } from "./page.ts";

/** An answer that refuses a request before anything else happens. */
export interface HttpRefusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the HTTP surface asks of the gateway. */
export interface HttpHost {
  /** Decides about an upgrade before it happens: Origin, attribution, room. */
  admitUpgrade(request: IncomingMessage): HttpRefusal | undefined;
  /** Takes a socket whose upgrade was admitted. */
  connected(socket: WebSocket, request: IncomingMessage): void;
  /** Checks the bearer credential of a request. */
  authorize(request: IncomingMessage): HttpRefusal | undefined;
  /** Whether the gateway serves. */
  readiness(): { readonly ready: boolean; readonly phase: string };
  metrics(): readonly Metric[];
  /** Who takes what a chat platform brings to this path; `undefined` when nobody does. He checks who sent it. */
  webhook(path: string): WebhookTaker | undefined;
}

type WebhookHeaders = Readonly<Record<string, string | undefined>>;

/** What a chat platform is answered. */
interface WebhookAnswer {
  readonly status: number;
  readonly body?: string;
}

/** Takes requests of a chat platform. */
export interface WebhookTaker {
  /** Whether a request is refused by its headers, before its body is read (rule R-50). */
  refuseWebhook(headers: WebhookHeaders): WebhookAnswer | undefined;
  receiveWebhook(request: { readonly headers: WebhookHeaders; readonly body: Uint8Array }): Promise<WebhookAnswer>;
}

/** How the gateway is reached. */
export interface ListenPlan {
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** Addresses that must be bound. */
  readonly required: readonly string[];
  /** Addresses that are bound when possible. */
  readonly optional: readonly string[];
  readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string } | undefined;
  readonly maxPayloadBytes: number;
}

/** The HTTP and WebSocket surface, listening. */
export interface HttpSurface {
  readonly port: number;
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/** Largest request of a chat platform, in bytes. */
const MAX_WEBHOOK_BYTES = 1_048_576;

/** Routes that answer without authentication. Everything else that exists asks for it (rule R-21). */
const PUBLIC_ROUTES = { page: "/", style: "/page.css", alive: "/healthz", ready: "/readyz" } as const;

function send(reply: FastifyReply, refusal: HttpRefusal): FastifyReply {
  return reply
    .code(refusal.status)
    .headers({ ...refusal.headers })
    .send({ error: { type: refusal.type, message: refusal.message } });
}

function isUpgrade(request: FastifyRequest): boolean {
  return request.raw.headers.upgrade?.toLowerCase() === "websocket";
}

const badTarget: HttpRefusal = {
  status: 400,
  type: "invalid_request_error",
  message: "the path is not written in its plain form",
};

/** Refuses what must not reach a route or a log. */
function refuseTarget(request: IncomingMessage): HttpRefusal | undefined {
  const target = request.url ?? "";
  const hosts = request.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === "host").length;
  if (hosts > 1) return { status: 400, type: "invalid_request_error", message: "more than one Host header" };
  if (!isCanonicalTarget(target)) return badTarget;
  if (hasSecretInQuery(target)) {
    return {
      status: 400,
      type: "invalid_request_error",
      message: "secrets don't belong into URLs; send them in the Authorization header or in connect",
    };
  }
  return undefined;
}

function addRoutes(app: FastifyInstance, host: HttpHost): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const refusal = refuseTarget(request.raw) ?? (isUpgrade(request) ? host.admitUpgrade(request.raw) : undefined);
    if (refusal !== undefined) await send(reply, refusal);
  });
  // An upgrade that was answered instead of taken leaves its socket to nobody, so it ends here with its answer.
  app.addHook("onResponse", async (request) => {
    if (isUpgrade(request)) request.raw.socket.destroySoon();
  });
  const onSocket = (socket: WebSocket, request: FastifyRequest): void => host.connected(socket, request.raw);
  app.route({
    method: "GET",
    url: PUBLIC_ROUTES.page,
    handler: (_request, reply) => reply.type("text/html; charset=utf-8").send(PAGE),
    wsHandler: onSocket,
  });
  app.get(PUBLIC_ROUTES.style, (_request, reply) => reply.type("text/css; charset=utf-8").send(PAGE_CSS));
  app.get(PUBLIC_ROUTES.alive, () => ({ ok: true }));
  app.get(PUBLIC_ROUTES.ready, (_request, reply) => {
    const { ready, phase } = host.readiness();
    return reply.code(ready ? 200 : 503).send({ ready, phase });
  });
  app.get("/metrics", (request, reply) => {
    const refusal = host.authorize(request.raw);
    if (refusal !== undefined) return send(reply, refusal);
    return reply.type(METRICS_CONTENT_TYPE).send(renderMetrics(host.metrics()));
  });
  // Clients may connect to any path. Over plain HTTP nothing else is here, and nobody learns more than that.
  app.route({
    method: "GET",
    url: "/*",
    handler: (_request, reply) => send(reply, { status: 404, type: "not_found", message: "Not Found" }),
    wsHandler: onSocket,
  });
  app.setNotFoundHandler((_request, reply) => send(reply, { status: 404, type: "not_found", message: "Not Found" }));
  app.setErrorHandler((error, _request, reply) => {
    const status =
      typeof error === "object" && error !== null && "statusCode" in error ? Number(error.statusCode) : 500;
    const client = status >= 400 && status < 500;
    return send(reply, {
      status: client ? status : 500,
      type: client ? "invalid_request_error" : "api_error",
      message: client ? "Bad Request" : "Internal Server Error",
    });
  });
}

/** What chat platforms bring: the only thing that may be posted. Without an account at the path nothing is read. */
function addWebhooks(app: FastifyInstance, host: HttpHost): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_WEBHOOK_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  const pathOf = (request: FastifyRequest): string => request.url.split("?", 1)[0] ?? "";
  app.post("/*", {
    onRequest: async (request, reply) => {
      reply.headers(SECURITY_HEADERS);
      const refusal = refuseTarget(request.raw);
      if (refusal !== undefined) return send(reply, refusal);
      const taker = host.webhook(pathOf(request));
      if (taker === undefined) return send(reply, { status: 404, type: "not_found", message: "Not Found" });
      const answer = taker.refuseWebhook(headersOf(request));
      // Whoever isn't the platform may send on for as long as he likes: nobody reads it.
      if (answer !== undefined) return answerWebhook(reply.header("connection", "close"), answer);
    },
    handler: async (request, reply) => {
      const taker = host.webhook(pathOf(request));
      if (taker === undefined || !(request.body instanceof Uint8Array)) return reply.code(400).send();
      return answerWebhook(reply, await taker.receiveWebhook({ headers: headersOf(request), body: request.body }));
    },
  });
}

function answerWebhook(reply: FastifyReply, { body = "", status }: WebhookAnswer): FastifyReply {
  return reply.code(status).type("text/plain; charset=utf-8").send(body);
}

function headersOf(request: FastifyRequest): WebhookHeaders {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

/**
 * Starts to listen: one Fastify server for HTTP and WebSocket, on every address of the plan. An address that must be
 * bound and can't be fails the whole start, and nothing stays bound (rule R-08).
 * @throws the system's error, e.g. with code `EADDRINUSE`.
 */
export async function listen(
  plan: ListenPlan,
  host: HttpHost,
  onOptionalFailure: (address: string, error: unknown) => void,
): Promise<HttpSurface> {
  const servers: Server[] = [];
  const app = fastify({
    bodyLimit: LIMITS.maxPreAuthFrameBytes,
    exposeHeadRoutes: true,
    forceCloseConnections: true,
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => {
      if (isUpgrade(request)) reply.raw.once("finish", () => request.raw.socket.destroySoon());
      void send(reply.headers(SECURITY_HEADERS), badTarget);
    },
    routerOptions: { ignoreTrailingSlash: false },
    serverFactory: (handler) => {
      const server = createListener(plan, handler);
      servers.push(server);
      return server;
    },
  });
  await app.register(websocket, {
    options: { maxPayload: plan.maxPayloadBytes, perMessageDeflate: false, clientTracking: false },
  });
  // The plug-in wraps routes that are added after it, so they go into a scope that is loaded after it.
  await app.register(async (scope) => addRoutes(scope, host));
  await app.register(async (scope) => addWebhooks(scope, host));
  await app.ready();

  const [main] = servers;
  if (main === undefined) throw new Error("the HTTP server was not created");
  const bound: { readonly address: string; readonly server: Server }[] = [];
  const close = async (): Promise<void> => {
    // Fastify closes only what it bound itself, and it bound nothing here.
    const closed = bound.map(({ server }) => new Promise((resolve) => server.close(resolve)));
    for (const { server } of bound) server.closeAllConnections();
    await Promise.all([...closed, app.close()]);
  };
  let port = plan.port;
  try {
    for (const address of [...plan.required, ...plan.optional]) {
      const server = bound.length === 0 ? main : alias(plan, main);
      try {
        port = await bind(server, port, address);
        bound.push({ address, server });
      } catch (error) {
        if (plan.required.includes(address)) throw error;
        onOptionalFailure(address, error);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { port, addresses: bound.map(({ address }) => address), close };
}

function createListener(plan: ListenPlan, handler: (request: IncomingMessage, response: never) => void): Server {
  // Header limits bound what a peer can make us hold before it has said who it is.
  const limits = {
    maxHeaderSize: 16_384,
    requestTimeout: 30_000,
    headersTimeout: 15_000,
    keepAliveTimeout: 10_000,
    connectionsCheckingInterval: 5_000,
  };
  const listener = handler as Parameters<typeof createServer>[1];
  if (plan.tls === undefined) return createServer(limits, listener);
  const { cert, key, ca } = plan.tls;
  return createTlsServer(
    { ...limits, cert, key, ...(ca !== undefined && { ca }), minVersion: "TLSv1.2" },
    listener,
  ) as unknown as Server;
}

/** A further listener whose requests and upgrades the main server answers. */
function alias(plan: ListenPlan, main: Server): Server {
  const server = createListener(plan, (request, response) => {
    main.emit("request", request, response);
  });
  server.on("upgrade", (...upgrade) => {
    main.emit("upgrade", ...upgrade);
  });
  return server;
}

function bind(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: address, exclusive: true, ipv6Only: true }, () => {
      server.off("error", reject);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}
