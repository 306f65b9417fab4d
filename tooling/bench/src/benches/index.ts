import type { Bench } from "../bench.ts";
import { accepting } from "./accepting.ts";
import { idle, troubles } from "./crowds.ts";
import { growth } from "./growth.ts";
import { nodeApp } from "./node-app.ts";
import { invoke, nodes } from "./nodes.ts";
import { size } from "./size.ts";
import { command, start } from "./start.ts";
import { events, handshakes, presence, requests } from "./traffic.ts";
import { streams, turns } from "./turns.ts";

/** Every benchmark, in the order of the table. */
export const BENCHES: readonly Bench[] = [
  start,
  command,
  requests,
  events,
  presence,
  handshakes,
  idle,
  troubles,
  invoke,
  nodes,
  nodeApp,
  turns,
  streams,
  accepting,
  growth,
  size,
];
