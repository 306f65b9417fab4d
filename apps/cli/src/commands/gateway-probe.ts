import { CommandError, Exit } from "../command-error.ts";
import type { Invocation } from "../command-line.ts";
import { type GatewayTarget, openSession, targetOf } from "../gateway-session.ts";
import { answer } from "../output/answer.ts";
import { table } from "../output/table.ts";

const DEFAULT_PROBE_TIMEOUT_MS = 3_000;

interface Probe {
  readonly kind: "explicit" | "configured" | "local";
  readonly url: string;
  readonly ok: boolean;
  readonly latencyMs: number | null;
  readonly version: string | null;
  readonly error: string | null;
  readonly code: string | null;
}

/** Tries every gateway that this command knows of, at once, and says which one it would use. */
export async function run(invocation: Invocation): Promise<Exit> {
  const targets = await targetsOf(invocation);
  const probes = await Promise.all(targets.map(({ kind, target }) => probe(invocation, kind, target)));
  const reached = probes.find(({ ok }) => ok);
  answer(invocation, { ok: reached !== undefined, primary: reached?.url ?? null, targets: probes }, () =>
    table(
      ["Gateway", "Which", "Answer", "Version"],
      probes.map(({ url, kind, ok, latencyMs, error, version }) => [
        url,
        kind,
        ok ? `in ${latencyMs} ms` : (error ?? ""),
        version ?? "",
      ]),
    ),
  );
  return reached === undefined ? Exit.Unreachable : Exit.Ok;
}

async function targetsOf(invocation: Invocation): Promise<{ kind: Probe["kind"]; target: GatewayTarget }[]> {
  const explicit = invocation.value("url");
  const configured = await targetOf(invocation);
  const port = new URL(configured.url).port || "18789";
  const targets: { kind: Probe["kind"]; target: GatewayTarget }[] = [
    { kind: explicit === undefined ? "configured" : "explicit", target: configured },
  ];
  const local = `ws://127.0.0.1:${explicit === undefined && /127\.0\.0\.1|localhost/.test(configured.url) ? port : "18789"}`;
  if (!configured.url.startsWith(local)) targets.push({ kind: "local", target: await targetOf(invocation, local) });
  const timeoutMs = invocation.value("timeout") === undefined ? DEFAULT_PROBE_TIMEOUT_MS : configured.timeoutMs;
  return targets.map(({ kind, target }) => ({ kind, target: { ...target, timeoutMs } }));
}

async function probe(invocation: Invocation, kind: Probe["kind"], target: GatewayTarget): Promise<Probe> {
  const startedAt = performance.now();
  const base = { kind, url: target.url };
  try {
    await using session = await openSession(invocation, target);
    return {
      ...base,
      ok: true,
      latencyMs: Math.round(performance.now() - startedAt),
      version: session.hello.server.version,
      error: null,
      code: null,
    };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { ...base, ok: false, latencyMs: null, version: null, error: error.message, code: error.code };
  }
}
