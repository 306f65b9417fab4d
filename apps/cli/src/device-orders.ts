import type { ParamsOf, ResultOf } from "@saltgate/protocol";

export type DeviceMethod = Extract<keyof DeviceAnswers, string>;
export interface DeviceAnswers {
  "device.pair.list": ResultOf<"device.pair.list">;
  "device.pair.approve": ResultOf<"device.pair.approve">;
  "device.pair.reject": ResultOf<"device.pair.reject">;
  "device.pair.remove": ResultOf<"device.pair.remove">;
  "device.pair.rename": ResultOf<"device.pair.rename">;
  "device.token.rotate": ResultOf<"device.token.rotate">;
  "device.token.revoke": ResultOf<"device.token.revoke">;
}

/** Where orders about devices are taken: by the gateway, or, while none runs here, by the state folder itself. */
export interface DeviceDesk extends AsyncDisposable {
  readonly via: "gateway" | "state folder";
  call<M extends DeviceMethod>(method: M, params: ParamsOf<M>): Promise<DeviceAnswers[M]>;
}
