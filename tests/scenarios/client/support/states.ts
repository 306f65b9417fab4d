import type { ClientState, GatewayClient } from "@saltgate/client";

/** Follows what a client does, so that a scenario can wait for it. */
export function follow(client: GatewayClient) {
  const states: ClientState[] = [];
  let looked = 0;
  let wake: (() => void)[] = [];
  client.onState((state) => {
    states.push(state);
    const waiting = wake;
    wake = [];
    for (const go of waiting) go();
  });
  return async <S extends ClientState["status"]>(status: S): Promise<Extract<ClientState, { status: S }>> => {
    for (;;) {
      const found = states.findIndex((state, at) => at >= looked && state.status === status);
      if (found !== -1) {
        looked = found + 1;
        return states[found] as Extract<ClientState, { status: S }>;
      }
      await new Promise<void>((resolve) => wake.push(resolve));
    }
  };
}
