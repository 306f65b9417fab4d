import type { Clock } from "../clock.ts";
import type { EventPublisher } from "../events/event-hub.ts";
import type { PresenceList } from "./presence-list.ts";

/** Changes that come within this many milliseconds of each other become one event. */
const WINDOW_MS = 50;

/**
 * Tells that presence has changed: the first change at once, further ones together at the end of a short window,
 * because each event carries the whole list and only the newest counts.
 */
export function createPresenceBroadcast(
  presence: PresenceList,
  events: EventPublisher,
  healthVersion: () => number,
  clock: Clock,
): () => void {
  let windowOpen = false;
  let changedInWindow = false;
  const tell = (): void => {
    events.publish(
      "presence",
      { presence: presence.list() },
      {
        stateVersion: { presence: presence.version, health: healthVersion() },
      },
    );
  };
  const openWindow = (): void => {
    windowOpen = true;
    clock.after(WINDOW_MS, () => {
      windowOpen = false;
      if (!changedInWindow) return;
      changedInWindow = false;
      tell();
      openWindow();
    });
  };
  return () => {
    if (windowOpen) {
      changedInWindow = true;
      return;
    }
    tell();
    openWindow();
  };
}
