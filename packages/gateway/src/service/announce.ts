import type { LoadedConfig, StatePaths } from "@saltgate/config";
import type { Gateway } from "../gateway.ts";
import type { Logger } from "../logging/logger.ts";
import { ownAddresses } from "./machine.ts";
import type { StartPlan } from "./start-plan.ts";
import type { TlsMaterial } from "./tls-files.ts";

/** Commands look where the configuration says; whoever chose otherwise for this run has to tell them. */
function howToCall(port: number, plan: StartPlan, paths: StatePaths, isTls: boolean): string {
  const words = [
    port !== paths.defaultPort || isTls ? ` --url ${isTls ? "wss" : "ws"}://127.0.0.1:${port}` : "",
    plan.secretSource.startsWith("flag") ? ` ${plan.secretSource.slice("flag ".length)} <secret>` : "",
  ].join("");
  return words === ""
    ? "Commands on this machine find it by themselves. Try, in another terminal: saltgate status"
    : `What you chose for this run, commands have to be told. Try, in another terminal: saltgate status${words}`;
}

/** What is told when a gateway has started, and to whom. */
export interface Announcement {
  readonly gateway: Gateway;
  readonly problems: readonly string[];
  readonly loaded: LoadedConfig & { readonly isFirst: boolean };
  readonly plan: StartPlan;
  readonly tls: TlsMaterial | undefined;
  readonly paths: StatePaths;
  readonly logger: Logger;
  /** Words for the person who started it. */
  readonly say: (text: string) => void;
}

/** Tells that the gateway listens: to programs in the log, and to the person who started it how to go on. */
export function announce({ gateway, problems, loaded, plan, tls, paths, logger, say }: Announcement): void {
  const scheme = tls === undefined ? "ws" : "wss";
  const urls = gateway.addresses.map(
    (address) => `${scheme}://${address.includes(":") ? `[${address}]` : address}:${gateway.port}`,
  );
  const { warnings, source } = loaded;
  for (const { message } of warnings) logger.warn({}, message);
  for (const problem of problems) logger.error({}, problem);
  if (loaded.problems.length > 0) {
    logger.error(
      { source },
      source === "last-good"
        ? "the configuration can't be used; the last good one runs instead"
        : "the configuration can't be used; defaults run instead",
    );
  }
  for (const note of plan.notes) logger.warn({}, note);
  logger.info(
    {
      port: gateway.port,
      portSource: plan.portSource,
      urls,
      authFrom: plan.secretSource,
      stateDir: paths.stateDir,
      ...(tls && { tlsFingerprint: tls.fingerprint }),
      pid: process.pid,
    },
    "listening",
  );
  const lines = [
    loaded.isFirst &&
      `Welcome to Saltgate. This is its first start: I wrote ${paths.configFile}${plan.secretSource.startsWith("environment") ? `; its secret is that of the ${plan.secretSource}` : " with a fresh secret"}.`,
    `The gateway listens on ${reachableUrl(urls)}${plan.loopbackOnly ? ", for this machine only" : ""}.`,
    tls && `Its certificate to pin: ${tls.fingerprint}`,
    loaded.isFirst && howToCall(gateway.port, plan, paths, tls !== undefined),
    loaded.isFirst &&
      "To let a device in after it has asked: saltgate devices list, then saltgate devices approve <request>",
    plan.secretSource === "made for this run" &&
      "It has no configured secret, so only devices that are paired already can connect. Run: saltgate setup",
  ];
  say(`${lines.filter((line) => typeof line === "string").join("\n")}\n`);
}

/** The address to tell others: "every address" is none that anybody can type. */
function reachableUrl(urls: readonly string[]): string {
  const own = ownAddresses().find((address) => !address.includes(":"));
  return (urls[0] ?? "nothing").replace("//0.0.0.0:", `//${own ?? "127.0.0.1"}:`);
}
