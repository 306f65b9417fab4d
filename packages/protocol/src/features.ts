import type { MethodDescription } from "./define.ts";
import { EVENTS } from "./events/events.ts";
import { METHODS } from "./methods/methods.ts";
import type { ProtocolVersion } from "./versions.ts";

/**
 * The order in which revision 3 names its methods in `hello-ok.features`. Nothing depends on the order, but a client
 * that shows the list shows it as it always did.
 */
const METHOD_ORDER: readonly string[] = (
  "health logs.tail channels.status channels.logout status usage.status usage.cost " +
  "tts.status tts.providers tts.enable tts.disable tts.convert tts.setProvider " +
  "config.get config.set config.apply config.patch config.schema " +
  "exec.approvals.get exec.approvals.set exec.approvals.node.get exec.approvals.node.set " +
  "exec.approval.request exec.approval.resolve " +
  "wizard.start wizard.next wizard.cancel wizard.status talk.mode models.list agents.list " +
  "skills.status skills.bins skills.install skills.update update.run voicewake.get voicewake.set " +
  "sessions.list sessions.preview sessions.patch sessions.reset sessions.delete sessions.compact " +
  "last-heartbeat set-heartbeats wake " +
  "node.pair.request node.pair.list node.pair.approve node.pair.reject node.pair.verify " +
  "device.pair.list device.pair.approve device.pair.reject device.token.rotate device.token.revoke " +
  "node.rename node.list node.describe node.invoke node.invoke.result node.event " +
  "cron.list cron.status cron.add cron.update cron.remove cron.run cron.runs " +
  "system-presence system-event send agent agent.identity.get agent.wait browser.request " +
  "chat.history chat.abort chat.send web.login.start web.login.wait"
).split(" ");

/** The same for events. */
const EVENT_ORDER: readonly string[] = (
  "connect.challenge agent chat presence tick talk.mode shutdown health heartbeat cron " +
  "node.pair.requested node.pair.resolved node.invoke.request device.pair.requested device.pair.resolved " +
  "voicewake.changed exec.approval.requested exec.approval.resolved"
).split(" ");

function inOrder(names: readonly string[], order: readonly string[]): string[] {
  const rank = new Map(order.map((name, index) => [name, index]));
  return names
    .map((name, index) => ({ name, at: rank.get(name) ?? order.length + index }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

/**
 * The methods that `hello-ok.features` names to a peer of `version`, in the documented order: those of `served` that
 * this revision has and lists. `served` is what the gateway has handlers for; by default every method that is
 * described as served. Names that aren't methods of the protocol (those of plugins) are kept, at the end.
 */
export function advertisedMethods(
  version: ProtocolVersion,
  served: readonly string[] = Object.entries<MethodDescription>(METHODS)
    .filter(([, { status }]) => status === "served")
    .map(([name]) => name),
): string[] {
  const methods: Readonly<Record<string, MethodDescription>> = METHODS;
  const listed = served.filter((name) => {
    if (!Object.hasOwn(METHODS, name)) return true;
    const description = methods[name];
    if (description === undefined) return true;
    const { since, until = version, unlisted = [] } = description;
    return since <= version && version <= until && !unlisted.includes(version);
  });
  return inOrder([...new Set(listed)], METHOD_ORDER);
}

/** The events that `hello-ok.features` names to a peer of `version`, in the documented order. */
export function advertisedEvents(
  version: ProtocolVersion,
  sent: readonly string[] = Object.entries(EVENTS)
    .filter(([, { status }]) => status === "served")
    .map(([name]) => name),
): string[] {
  const listed = sent.filter(
    (name) => !Object.hasOwn(EVENTS, name) || EVENTS[name as keyof typeof EVENTS].since <= version,
  );
  return inOrder([...new Set(listed)], EVENT_ORDER);
}
