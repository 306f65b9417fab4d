import { encodeSetupCode } from "@saltgate/identity";
import type { Reach } from "../address/reach.ts";
import { RequestError } from "../dispatch/outcome.ts";
import type { InvitesPort } from "../pairing-port.ts";
import type { Handlers } from "./handlers.ts";

/** What the methods about setup codes need. */
export interface SetupCodeMethodsOptions {
  readonly invites: InvitesPort;
  readonly reach: () => Reach;
  /** Of the gateway's own certificate, when it has one. */
  readonly tlsFingerprint: string | undefined;
  readonly authMode: () => "token" | "password";
}

/** What a new device gets, by the kind of code. */
const GRANTS = {
  node: { role: "node", scopes: [] },
  limited: { role: "operator", scopes: ["operator.read", "operator.write"] },
} as const;

/** Handlers of the methods by which an owner invites a device that he isn't at. */
export function setupCodeMethods(
  options: SetupCodeMethodsOptions,
): Pick<Handlers, "device.pair.setupCode" | "device.pair.setupStatus"> {
  const { invites, reach, tlsFingerprint, authMode } = options;
  return {
    async "device.pair.setupCode"(params, { deviceId, scopes }) {
      const access = params.bootstrapProfile ?? "limited";
      const own = reach();
      const gatewayUrl = params.publicUrl === undefined ? own.url : requireGatewayUrl(params.publicUrl);
      const outcome = await invites.create({ ...GRANTS[access], caller: { deviceId, scopes } });
      if (outcome.type === "forbidden")
        throw new RequestError("APPROVER_LACKS_SCOPE", "only an admin makes setup codes", {
          details: { scopes: outcome.scopes },
        });
      if (outcome.type !== "created")
        throw new RequestError("QUEUE_FULL", "too many setup codes are open; they end after ten minutes", {
          retryAfterMs: 60_000,
        });
      // Behind another address may be another certificate: only for its own does the gateway vouch.
      const pin = params.publicUrl === undefined ? tlsFingerprint : undefined;
      return {
        setupId: outcome.inviteId,
        setupCode: encodeSetupCode({
          url: gatewayUrl,
          bootstrapToken: outcome.code,
          ...(pin !== undefined && { tlsFingerprint: pin }),
        }),
        gatewayUrl,
        auth: authMode(),
        urlSource: params.publicUrl === undefined ? own.source : "publicUrl",
        access,
        expiresAtMs: outcome.expiresAtMs,
        ...(pin !== undefined && { tlsFingerprint: pin }),
      };
    },
    async "device.pair.setupStatus"({ setupId }) {
      const { role, completed } = (await invites.status(setupId)) ?? {};
      if (completed === undefined) return {};
      const { deviceId, displayName, atMs } = completed;
      return {
        completion: {
          setupId,
          deviceId,
          ...(displayName !== undefined && { deviceName: displayName }),
          access: role === "node" ? "node" : "limited",
          ts: atMs,
        },
      };
    },
  };
}

/** @throws {RequestError} for what is no gateway's address, so that no code points elsewhere */
function requireGatewayUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isGateway = url !== undefined && /^wss?:$/.test(url.protocol) && url.username === "" && url.password === "";
  if (!isGateway || url.search !== "" || url.hash !== "")
    throw new RequestError("INVALID_PARAMS", "publicUrl is a ws:// or wss:// address without credentials or query");
  return url.href.replace(/\/$/, "");
}
