import type { Metric } from "./metrics.ts";

/** What the gateway counts about itself. */
export interface GatewayCounts {
  readonly version: string;
  readonly ready: boolean;
  readonly uptimeMs: number;
  readonly connections: { readonly operators: number; readonly nodes: number };
  readonly unfinishedHandshakes: number;
  readonly handshakes: { readonly admitted: number; readonly pairingRequired: number; readonly refused: number };
  readonly requests: { readonly requests: number; readonly failures: number };
  readonly requestsRunning: number;
  readonly eventsDelivered: number;
  readonly heldBytes: number;
  /** What conversations hold in memory, by its name. */
  readonly conversation: Readonly<Record<string, number>>;
}

const one = (value: number): Metric["samples"] => [{ value }];

/** The gateway's counts as metrics. Labels come from fixed sets only, so that nobody can make them grow. */
export function gatewayMetrics(counts: GatewayCounts): Metric[] {
  const { connections, handshakes, requests } = counts;
  return [
    {
      name: "saltgate_info",
      help: "What runs.",
      type: "gauge",
      samples: [{ labels: { version: counts.version }, value: 1 }],
    },
    { name: "saltgate_ready", help: "1 while the gateway serves.", type: "gauge", samples: one(counts.ready ? 1 : 0) },
    {
      name: "saltgate_uptime_seconds",
      help: "Time since the start.",
      type: "gauge",
      samples: one(counts.uptimeMs / 1_000),
    },
    {
      name: "saltgate_connections",
      help: "Connections that got their hello-ok, by role.",
      type: "gauge",
      samples: [
        { labels: { role: "operator" }, value: connections.operators },
        { labels: { role: "node" }, value: connections.nodes },
      ],
    },
    {
      name: "saltgate_handshakes_unfinished",
      help: "Connections that have proven nothing yet.",
      type: "gauge",
      samples: one(counts.unfinishedHandshakes),
    },
    {
      name: "saltgate_handshakes_total",
      help: "Connect requests, by how they ended.",
      type: "counter",
      samples: [
        { labels: { outcome: "admitted" }, value: handshakes.admitted },
        { labels: { outcome: "pairing_required" }, value: handshakes.pairingRequired },
        { labels: { outcome: "refused" }, value: handshakes.refused },
      ],
    },
    { name: "saltgate_requests_total", help: "Requests taken.", type: "counter", samples: one(requests.requests) },
    {
      name: "saltgate_request_failures_total",
      help: "Requests answered with an error.",
      type: "counter",
      samples: one(requests.failures),
    },
    {
      name: "saltgate_requests_running",
      help: "Requests under way.",
      type: "gauge",
      samples: one(counts.requestsRunning),
    },
    {
      name: "saltgate_events_delivered_total",
      help: "Events sent to connections.",
      type: "counter",
      samples: one(counts.eventsDelivered),
    },
    {
      name: "saltgate_held_bytes",
      help: "Bytes held for all connections together.",
      type: "gauge",
      samples: one(counts.heldBytes),
    },
    {
      name: "saltgate_conversation_size",
      help: "What conversations hold in memory, by what it is.",
      type: "gauge",
      samples: Object.entries(counts.conversation).map(([what, value]) => ({ labels: { what }, value })),
    },
    {
      name: "process_resident_memory_bytes",
      help: "Resident memory.",
      type: "gauge",
      samples: one(process.memoryUsage.rss()),
    },
  ];
}
