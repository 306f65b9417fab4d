import { isLoopbackIp, isTailnetIp, normalizeIp } from "./ip.ts";

/** Where the gateway listens. */
export type BindMode = "loopback" | "lan" | "tailnet" | "auto" | "custom";

/** The addresses to listen on, or why there are none. */
export type BindPlan =
  | {
      readonly ok: true;
      /** Each must be bound, or the start fails: nothing widens by itself (rule R-08). */
      readonly required: readonly string[];
      /** Bound when possible. */
      readonly optional: readonly string[];
      readonly loopbackOnly: boolean;
    }
  | { readonly ok: false; readonly problem: string; readonly mend: string };

/** Turns a bind mode into addresses. Pure: the host's own addresses come in. */
export function planBind(mode: BindMode, customHost: string | undefined, ownAddresses: readonly string[]): BindPlan {
  switch (mode) {
    case "loopback":
    case "auto":
      return { ok: true, required: ["127.0.0.1"], optional: ["::1"], loopbackOnly: true };
    case "lan":
      return { ok: true, required: ["0.0.0.0"], optional: ["::1"], loopbackOnly: false };
    case "tailnet": {
      const address = ownAddresses.find((own) => isTailnetIp(own));
      if (address === undefined) {
        return {
          ok: false,
          problem: "this machine has no tailnet address",
          mend: "Start Tailscale, or use --bind loopback.",
        };
      }
      return { ok: true, required: [address, "127.0.0.1"], optional: ["::1"], loopbackOnly: false };
    }
    case "custom": {
      const address = customHost === undefined ? undefined : normalizeIp(customHost);
      if (address === undefined) {
        return {
          ok: false,
          problem: "gateway.customBindHost is not an IP address",
          mend: "Set it to an address of this machine.",
        };
      }
      const loopbackOnly = isLoopbackIp(address);
      // The owner's own commands come over loopback, whatever address others use; a wildcard has it already.
      const reachable = loopbackOnly || address === "0.0.0.0" || address === "::";
      return { ok: true, required: [address], optional: reachable ? [] : ["127.0.0.1"], loopbackOnly };
    }
  }
}
