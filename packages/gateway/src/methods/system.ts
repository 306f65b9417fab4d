import { type ResultOf, scopeSatisfies } from "@saltgate/protocol";
import { RequestError } from "../dispatch/outcome.ts";
import type { EventPublisher } from "../events/event-hub.ts";
import { given } from "../given.ts";
import { type HealthMonitor, withoutProblems } from "../health/health-monitor.ts";
import type { PresenceList } from "../presence/presence-list.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about the gateway itself need. */
export interface SystemMethodsOptions {
  readonly health: HealthMonitor;
  readonly presence: PresenceList;
  readonly events: EventPublisher;
  /** Tells everybody who may see it that presence has changed; calls in quick succession become one event. */
  readonly presenceChanged: () => void;
  /** Takes a line for the main session. */
  readonly queueSystemEvent: (text: string) => void;
  readonly queuedSystemEvents: () => readonly string[];
  /** Channels, agents and sessions. */
  readonly conversations: () => Promise<Pick<ResultOf<"status">, "channelSummary" | "heartbeat" | "sessions">>;
  readonly uptimeMs: () => number;
  readonly version: string;
}

type SystemMethods = Pick<Handlers, "health" | "status" | "system-presence" | "system-event">;

/** Handlers of the methods about the gateway itself. */
export function systemMethods(options: SystemMethodsOptions): SystemMethods {
  const { health, presence, events } = options;
  const lookAndTell = async (): ReturnType<HealthMonitor["look"]> => {
    const summary = await health.look();
    events.publish("health", withoutProblems(summary), {
      stateVersion: { presence: presence.version, health: health.version },
    });
    return summary;
  };
  return {
    async health(params, caller) {
      const isFresh = params.probe !== true && !health.stale;
      const summary = (isFresh ? health.last : undefined) ?? (await lookAndTell());
      return scopeSatisfies(caller.scopes, "operator.admin") ? summary : withoutProblems(summary);
    },
    status: async () => ({
      version: options.version,
      uptimeMs: options.uptimeMs(),
      queuedSystemEvents: [...options.queuedSystemEvents()],
      ...(await options.conversations()),
    }),
    "system-presence": () => presence.list(),
    "system-event"(params) {
      const text = params.text.trim();
      if (text === "") throw new RequestError("INVALID_PARAMS", "text required");
      const { systemEvent } = presence.report({ ...given(params), text });
      if (systemEvent !== undefined) options.queueSystemEvent(systemEvent);
      options.presenceChanged();
      return { ok: true };
    },
  };
}
