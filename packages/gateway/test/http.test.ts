import { request } from "node:http";
import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startWorld, TOKEN, type World } from "./support/world.ts";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** A request whose path goes onto the wire as it is. */
function get(world: World, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(world.url);
    request({ hostname, port, path, headers, method }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += String(chunk);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on("error", reject)
      .end();
  });
}

/** Sends bytes and gives what comes back until the socket ends. */
function raw(world: World, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1", () => socket.end(bytes));
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
  });
}

describe("http", () => {
  test("[gateway:http-health] http: /healthz and /readyz answer anybody, and say no more than that it runs", async () => {
    await using world = await startWorld();
    expect(await get(world, "/healthz")).toMatchObject({ status: 200, body: '{"ok":true}' });
    expect(await get(world, "/readyz")).toMatchObject({ status: 200, body: '{"ready":true,"phase":"ready"}' });
  });

  test("[R-26] http: nothing that is served before authentication tells a name, a path, a version or an id", async () => {
    await using world = await startWorld();
    for (const path of ["/", "/page.css", "/healthz", "/readyz", "/nowhere", "/metrics"]) {
      const { body, headers } = await get(world, path);
      for (const private_ of ["1.2.3", "harbor", "/state", TOKEN])
        expect(`${body}${JSON.stringify(headers)}`).not.toContain(private_);
    }
  });

  test("[R-56] http: the page runs no script, can't be framed, and every answer carries the policy that says so", async () => {
    await using world = await startWorld();
    for (const path of ["/", "/nowhere", "/healthz"]) {
      const { headers } = await get(world, path);
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
      });
    }
    const { body } = await get(world, "/");
    expect(body).not.toMatch(/<script|style=|\son\w+=/i);
    expect(body).toContain("<h1>Saltgate</h1>");
  });

  test("[R-21] http: whatever is not in the short list of public routes needs the secret, or is not there", async () => {
    await using world = await startWorld();
    expect((await get(world, "/metrics")).status).toBe(401);
    expect((await get(world, "/metrics", { authorization: "Bearer wrong" })).status).toBe(401);
    for (const path of ["/hooks", "/v1/models", "/tools/invoke", "/__openclaw__/canvas/", "/config", "/.env"]) {
      expect((await get(world, path)).status).toBe(404);
      expect((await get(world, path, {}, "POST")).status).toBe(404);
    }
  });

  test("[gateway:metrics] http: /metrics tells Prometheus how the gateway is", async () => {
    await using world = await startWorld();
    const wire = world.dial();
    await wire.connect({ scopes: ["operator.read"] });
    const { status, headers, body } = await get(world, "/metrics", { authorization: `Bearer ${TOKEN}` });
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(body).toContain('saltgate_connections{role="operator"} 1\n');
    expect(body).toContain("# TYPE saltgate_requests_total counter\n");
    for (const line of body.trimEnd().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+]+)$/);
  });

  test("[R-06] http: wrong bearer credentials lock the address", async () => {
    await using world = await startWorld();
    for (let guess = 0; guess < 10; guess += 1)
      await get(world, "/metrics", { authorization: `Bearer guess-${guess}` });
    const { status, headers } = await get(world, "/metrics", { authorization: `Bearer ${TOKEN}` });
    expect(status).toBe(429);
    expect(headers["retry-after"]).toBe("300");
  });

  test("[R-24] http: the identity headers of Tailscale open no HTTP route", async () => {
    await using world = await startWorld({
      auth: { allowTailscale: true },
      whois: () => Promise.resolve({ login: "mina@example.com" }),
    });
    const headers = {
      "tailscale-user-login": "mina@example.com",
      "x-forwarded-for": "100.64.1.2",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "box.ts.net",
    };
    expect((await get(world, "/metrics", headers)).status).toBe(401);
  });

  test.each([
    "/%2e%2e/metrics",
    "/metrics%2f",
    "//metrics",
    "/./metrics",
    "/x/../metrics",
    "/%252fmetrics",
    "/metrics\\",
  ])("[R-23] http: %s is refused before any route sees it", async (path) => {
    await using world = await startWorld();
    expect((await get(world, path)).status).toBe(400);
  });

  test("[R-48] http: a secret in a URL is refused, over HTTP and before an upgrade, and never logged", async () => {
    const lines: string[] = [];
    const log = (fields: unknown, message: string) => lines.push(JSON.stringify([fields, message]));
    await using world = await startWorld({ logger: { debug: log, info: log, warn: log, error: log } });
    expect((await get(world, `/?token=${TOKEN}`)).status).toBe(400);
    const wire = world.dial({}, `/?token=${TOKEN}`);
    expect(await wire.refused()).toBe(400);
    expect(wire.refusedBody).not.toContain(TOKEN);
    expect(lines.join("\n")).not.toContain(TOKEN);
  });

  test("[gateway:fuzz-url] http: whatever target, Host and Origin a peer sends, the gateway answers or hangs up, and lives", async () => {
    await using world = await startWorld();
    const token = fc.string({
      unit: fc.constantFrom(..."/%.:@?#[]\\abc019-_~\t ".split(""), "%2e", "//", "localhost", "\u00e4"),
    });
    await fc.assert(
      fc.asyncProperty(token, token, token, fc.boolean(), async (target, host, origin, upgrade) => {
        const upgradeHeaders = upgrade
          ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
          : "Connection: close\r\n";
        const text = await raw(
          world,
          `GET /${target} HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\n${upgradeHeaders}\r\n`,
        );
        expect(text === "" || /^HTTP\/1\.1 (101|200|400|403|404|431) /.test(text)).toBe(true);
      }),
      { numRuns: 300, timeout: 3_000 },
    );
    expect((await get(world, "/healthz")).status).toBe(200);
  });

  test("[gateway:two-hosts] http: a request with two Host headers is refused", async () => {
    await using world = await startWorld();
    expect(
      await raw(world, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
    ).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("[gateway:any-path] http: a client may connect on any path", async () => {
    await using world = await startWorld();
    for (const path of ["/", "/ws", "/a/b"])
      expect(await world.dial({}, path).connect({ scopes: [] })).toMatchObject({ ok: true });
  });
});
