import {
  type ClientState,
  createDeviceIdentity,
  type DeviceIdentity,
  GatewayClient,
  type GatewayClientOptions,
} from "@saltgate/client";

/** Every scope that an owner's own client asks for. */
export const OWNER: readonly string[] = [
  "operator.admin",
  "operator.read",
  "operator.write",
  "operator.approvals",
  "operator.pairing",
];

export function newDevice(): Promise<DeviceIdentity> {
  return createDeviceIdentity();
}

/** Waits until a client's state is what is looked for. */
export function stateOf<S extends ClientState["status"]>(
  client: GatewayClient,
  status: S,
  matches: (state: Extract<ClientState, { status: S }>) => boolean = () => true,
): Promise<Extract<ClientState, { status: S }>> {
  return new Promise((resolve, reject) => {
    const look = (state: ClientState): void => {
      if (state.status === status && matches(state as Extract<ClientState, { status: S }>)) {
        stop();
        resolve(state as Extract<ClientState, { status: S }>);
      } else if (state.status === "closed") {
        stop();
        reject(new Error(`the client was closed before it was ${status}`));
      }
    };
    const stop = client.onState(look);
    look(client.state);
  });
}

/** What happened at a client, in order, with a way to wait for it. */
export class Diary<T> {
  readonly entries: T[] = [];
  #wake: (() => void)[] = [];

  add(entry: T): void {
    this.entries.push(entry);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async until(matches: (entry: T) => boolean): Promise<T> {
    for (;;) {
      const found = this.entries.find(matches);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

/** A client of a test: it comes back fast, and fails with the test rather than after minutes. */
export function newClient(options: GatewayClientOptions): GatewayClient {
  return new GatewayClient({ reconnect: { minDelayMs: 20, maxDelayMs: 100 }, requestTimeoutMs: 20_000, ...options });
}
