// A gateway that is wrong in one way, named by SALTGATE_BROKEN, for the tests that must catch it. It breaks the real parts
// from outside and then runs the real command; nothing of it is in the product.
import { randomUUID } from "node:crypto";
import { Inbox, Outbox } from "@saltgate/channel";

type Breakage = "blind-resend" | "confirms-first" | "knows-no-repeats";

const breakages: Readonly<Record<Breakage, () => void>> = {
  /** What was on its way at a death is simply sent again. */
  "blind-resend": () => {
    const { recover } = Outbox.prototype;
    Outbox.prototype.recover = async function (account, atMs) {
      const until = await recover.call(this, account, atMs);
      for (const row of await this.list(["unsure"], 1_000)) {
        await this.settle(row.seq, { state: "waiting", pauseMs: 0, error: "again", errorKind: "transient" });
      }
      return until;
    };
  },
  /** The platform is told that a message was received before it is on the disk. */
  "confirms-first": () => {
    const { port } = Inbox.prototype;
    Inbox.prototype.port = function (account) {
      const real = port.call(this, account);
      return {
        cursor: () => real.cursor(),
        accept: async (batch) => {
          setTimeout(() => void real.accept(batch).catch(() => undefined), 150);
        },
      };
    };
  },
  /** What the platform brings again is taken for something new. */
  "knows-no-repeats": () => {
    const { port } = Inbox.prototype;
    Inbox.prototype.port = function (account) {
      const real = port.call(this, account);
      return {
        cursor: () => real.cursor(),
        accept: ({ events, ...batch }) =>
          real.accept({ ...batch, events: events.map((event) => ({ ...event, nativeId: randomUUID() })) }),
      };
    };
  },
};

const wanted = process.env["SALTGATE_BROKEN"] as Breakage | undefined;
const breakIt = wanted === undefined ? undefined : breakages[wanted];
if (breakIt === undefined) throw new Error(`SALTGATE_BROKEN names none of ${Object.keys(breakages).join(", ")}`);
breakIt();
await import("../../../../apps/cli/src/main.ts");
