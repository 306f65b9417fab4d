import type { ModelInfo } from "../backend.ts";

/** What the gateway knows of itself, for those who may ask. In words, no secrets. */
export interface HouseFacts {
  gatewayStatus(): {
    readonly version: string;
    readonly startedAtMs: number;
    readonly clients: number;
    readonly problems: readonly string[];
  };
  nodes(): readonly { readonly name: string; readonly platform: string; readonly isConnected: boolean }[];
  channels(): readonly {
    readonly label: string;
    readonly account: string;
    readonly state: string;
    readonly fix?: string | undefined;
  }[];
  models(): readonly ModelInfo[];
}
