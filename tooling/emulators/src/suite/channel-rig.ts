import type { AccountStatus, ChannelAdapter, ChannelConnection, ChannelLogger } from "@saltgate/channel";
import { RecordingInbox } from "./recording-inbox.ts";
import { SteppedClock } from "./stepped-clock.ts";

export interface RigOptions {
  readonly adapter: ChannelAdapter;
  /** `channels.<id>` of the configuration; its first account is opened. */
  readonly section: unknown;
  readonly clock?: SteppedClock;
  /** Given to go on where another rig was. */
  readonly inbox?: RecordingInbox;
}

/** An account of an adapter, open, with everything that a gateway would give it. */
export class ChannelRig {
  readonly inbox: RecordingInbox;
  readonly clock: SteppedClock;
  readonly connection: ChannelConnection;
  /** Every line that was logged, with its fields. */
  readonly lines: string[];
  readonly statuses: AccountStatus[];
  /** For everything that a test asks of the connection. */
  readonly signal: AbortSignal = new AbortController().signal;
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #watching: { readonly isMet: () => boolean; readonly go: () => void }[];

  private constructor(
    connection: ChannelConnection,
    parts: {
      readonly inbox: RecordingInbox;
      readonly clock: SteppedClock;
      readonly lines: string[];
      readonly statuses: AccountStatus[];
      readonly watching: { readonly isMet: () => boolean; readonly go: () => void }[];
    },
  ) {
    this.connection = connection;
    this.inbox = parts.inbox;
    this.clock = parts.clock;
    this.lines = parts.lines;
    this.statuses = parts.statuses;
    this.#watching = parts.watching;
  }

  /** Opens an account. Connects nothing yet. */
  static async open(options: RigOptions): Promise<ChannelRig> {
    const [account] = options.adapter.accounts(options.section, {});
    if (account === undefined) throw new Error("The section has no account.");
    const parts = {
      inbox: options.inbox ?? new RecordingInbox(),
      clock: options.clock ?? new SteppedClock(),
      lines: [] as string[],
      statuses: [{ running: false, connected: false, health: "stopped", reconnectAttempts: 0 }] as AccountStatus[],
      watching: [] as { readonly isMet: () => boolean; readonly go: () => void }[],
    };
    const connection = await options.adapter.open({
      account,
      inbound: parts.inbox,
      clock: parts.clock,
      random: () => 0.5,
      logger: loggerInto(parts.lines),
      status: (change) => {
        parts.statuses.push({ ...(parts.statuses.at(-1) as AccountStatus), ...change });
        for (const one of parts.watching.filter(({ isMet }) => isMet())) {
          parts.watching.splice(parts.watching.indexOf(one), 1);
          one.go();
        }
      },
    });
    return new ChannelRig(connection, parts);
  }

  /** Opens an account and waits until it is connected. */
  static async connected(options: RigOptions): Promise<ChannelRig> {
    const rig = await ChannelRig.open(options);
    void rig.start();
    await rig.until(({ connected }) => connected);
    return rig;
  }

  get status(): AccountStatus {
    return this.statuses.at(-1) as AccountStatus;
  }

  /** Lets it receive. @returns what `run` says in the end */
  start(): Promise<void> {
    this.#stop = new AbortController();
    this.#running = this.connection.run(this.#stop.signal);
    this.#running.catch(() => undefined); // whoever wants to know looks at the promise that is returned
    return this.#running;
  }

  /** Stops it, and waits until it has stopped. */
  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#running.catch(() => undefined);
  }

  /** Resolves when its status is so. */
  until(is: (status: AccountStatus) => boolean): Promise<void> {
    const isMet = (): boolean => is(this.status);
    if (isMet()) return Promise.resolve();
    return new Promise((go) => this.#watching.push({ isMet, go }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function loggerInto(lines: string[]): ChannelLogger {
  const into = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { debug: into("debug"), info: into("info"), warn: into("warn"), error: into("error") };
}
