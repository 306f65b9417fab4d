import { nativeEngine } from "@saltgate/identity/node";
import { SenderPairing } from "@saltgate/pairing";
import { FileStore } from "@saltgate/store";
import type { Invocation } from "./command-line.ts";
import { statePathsOf } from "./local-state.ts";

/** Where orders about senders are taken: by the files of the state folder, which channels read at every message. */
export interface SenderDesk extends AsyncDisposable {
  readonly senders: SenderPairing;
}

/** Opens the files of this machine's state folder. No gateway needs to run. */
export async function openSenderDesk(invocation: Invocation): Promise<SenderDesk> {
  const store = new FileStore({ directory: statePathsOf(invocation).stateDir });
  const senders = await SenderPairing.open({ store, engine: nativeEngine });
  return { senders, [Symbol.asyncDispose]: () => store.close() };
}
