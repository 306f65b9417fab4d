import type { DeviceIdentity, Ed25519Engine } from "@saltgate/identity";
import type { EventFrame, HelloOk } from "@saltgate/protocol";
import type { ClientClock } from "./clock.ts";
import { chooseAuth } from "./connect-auth.ts";
import { type ConnectWish, connectParams } from "./connect-request.ts";
import { Connection } from "./connection.ts";
import { type Dialect, dialectWithoutChallenge } from "./dialect.ts";
import { ClientError, GatewayError } from "./errors.ts";
import { checkGatewayUrl, type GatewayAddress } from "./gateway-url.ts";
import { issuedToken } from "./hello.ts";
import { afterFailure, afterRefusal, type NextStep } from "./next-step.ts";
import type { OpenSocket } from "./socket.ts";
import type { StoredToken, TokenKey, TokenStore } from "./token-store.ts";

/** Largest inbound message, in bytes, whatever the gateway would send. Source: docs/protocol.md, "Limits". */
const maxMessageBytes = 26_214_400;

/** How often one call of {@link Dialer.dial} may change its words or its token. */
const maxRounds = 4;

/** What a dialer works with. */
export interface DialerOptions {
  readonly url: string;
  readonly tlsFingerprint: string | undefined;
  readonly allowInsecure: boolean;
  readonly token: string | undefined;
  readonly password: string | undefined;
  readonly bootstrapToken: string | undefined;
  readonly wish: ConnectWish;
  readonly identity: DeviceIdentity | undefined;
  readonly engine: Ed25519Engine;
  readonly tokenStore: TokenStore;
  readonly firstDialect: Dialect;
  readonly waitForApproval: boolean;
  readonly connectTimeoutMs: number;
  readonly challengeTimeoutMs: number;
  readonly maxPendingRequests: number;
  readonly open: OpenSocket;
  readonly clock: ClientClock;
  readonly onEvent: (frame: EventFrame) => void;
  readonly onBadFrame: () => void;
  readonly onLost: (error: ClientError) => void;
}

/** What came of dialling. */
export type Dialled =
  | { readonly ok: true; readonly connection: Connection; readonly hello: HelloOk }
  | {
      readonly ok: false;
      readonly error: ClientError | GatewayError;
      readonly step: Exclude<NextStep, { do: "retry" }>;
    };

interface Round {
  readonly address: GatewayAddress;
  readonly key: TokenKey | undefined;
  readonly stored: StoredToken | undefined;
  readonly signal: AbortSignal;
  /** The words that were used in the end. */
  dialect: Dialect;
}

/** Gets a connection through the handshake, in whichever words this gateway understands, and remembers them. */
export class Dialer {
  readonly #options: DialerOptions;
  #dialect: Dialect;
  #wasEverConnected = false;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#dialect = options.firstDialect;
  }

  /** Forgets which words the gateway understood: it may come back as a newer one. */
  forgetDialect(): void {
    this.#dialect = this.#options.firstDialect;
  }

  /** Dials until the gateway accepts, or until trying again at once makes no sense. Never throws. */
  async dial(signal: AbortSignal): Promise<Dialled> {
    let changedDialect = false;
    let dialect = this.#dialect;
    for (let round = 1; ; round += 1) {
      let current: Round | undefined;
      try {
        current = await this.#prepare(signal, dialect);
        const connection = this.#open(current.address);
        const hello = await this.#introduce(connection, current);
        if (current.dialect.payload !== "v1") this.#dialect = current.dialect;
        this.#wasEverConnected = true;
        return { ok: true, connection, hello };
      } catch (error) {
        const { error: known, step } = await this.#judge(error, current, changedDialect);
        if (step.do !== "retry" || round >= maxRounds || signal.aborted) {
          return { ok: false, error: known, step: step.do === "retry" ? { do: "pause", forgetToken: false } : step };
        }
        changedDialect ||= step.dialect !== current?.dialect;
        dialect = step.dialect;
      }
    }
  }

  async #prepare(signal: AbortSignal, dialect: Dialect): Promise<Round> {
    const checked = checkGatewayUrl(this.#options);
    if (!checked.ok) throw new ClientError(checked.problem.code, checked.problem.message);
    const { address } = checked;
    const { identity, wish } = this.#options;
    const key = identity && { origin: address.origin, deviceId: identity.deviceId, role: wish.role };
    return { address, key, stored: await this.#read(key), signal, dialect };
  }

  #open(address: GatewayAddress): Connection {
    const { open, clock, maxPendingRequests, onEvent, onBadFrame, onLost } = this.#options;
    const target = { url: address.url, tlsFingerprint: address.tlsFingerprint, maxMessageBytes };
    return new Connection({ target, open, clock, maxPendingRequests, onEvent, onBadFrame, onLost });
  }

  #introduce(connection: Connection, round: Round): Promise<HelloOk> {
    const { token, password, bootstrapToken, wish, identity, engine, clock } = this.#options;
    const { connectTimeoutMs, challengeTimeoutMs } = this.#options;
    const silent = dialectWithoutChallenge(round.dialect, round.address.reach === "loopback");
    return connection.introduce({
      timeoutMs: connectTimeoutMs,
      signal: round.signal,
      dialect: round.dialect,
      withoutChallenge: silent && { afterMs: challengeTimeoutMs, dialect: silent },
      write: (dialect, challenge) => {
        round.dialect = dialect;
        const deviceToken = round.stored?.token;
        const auth = chooseAuth({ token, password, deviceToken, bootstrapToken }, dialect.max === 3);
        const signer = identity && { identity, engine, nowMs: clock.now() };
        return connectParams({ ...wish, scopes: this.#scopes(round) }, dialect, auth, signer, challenge);
      },
      onHello: (hello) => this.#keep(hello, round.key),
    });
  }

  /** A device that comes back on its own token alone asks for what that token covers, unless the program says otherwise. */
  #scopes({ stored }: Round): readonly string[] | undefined {
    const { wish } = this.#options;
    if (wish.scopes !== undefined || stored === undefined || this.#hasSharedSecret()) return wish.scopes;
    return stored.scopes.length === 0 ? undefined : stored.scopes;
  }

  #hasSharedSecret(): boolean {
    return this.#options.token !== undefined || this.#options.password !== undefined;
  }

  async #judge(
    error: unknown,
    round: Round | undefined,
    changedDialect: boolean,
  ): Promise<{ error: ClientError | GatewayError; step: NextStep }> {
    if (error instanceof ClientError) return { error, step: this.#afterFailure(error) };
    if (!(error instanceof GatewayError)) {
      const unknown = new ClientError("INVALID_OPTION", "the connect request could not be written or signed", {
        cause: error,
      });
      return { error: unknown, step: this.#afterFailure(unknown) };
    }
    const { waitForApproval, firstDialect } = this.#options;
    const step = afterRefusal(error, {
      dialect: round?.dialect ?? this.#dialect,
      first: firstDialect,
      changedDialect,
      usedDeviceToken: round?.stored !== undefined,
      hasAnotherWayIn: this.#hasSharedSecret() || this.#options.bootstrapToken !== undefined,
      waitForApproval,
    });
    if (step.do === "wait" || !step.forgetToken || round?.key === undefined || round.stored === undefined) {
      return { error, step };
    }
    try {
      await this.#options.tokenStore.remove(round.key, round.stored.token);
      // Another program of this device may have been given a newer token in the meantime.
      const newer = await this.#read(round.key);
      return { error, step: newer === undefined ? step : { do: "retry", dialect: round.dialect, forgetToken: false } };
    } catch (cause) {
      const failed = cause instanceof ClientError ? cause : storeFailed("forgotten", cause);
      return { error: failed, step: this.#afterFailure(failed) };
    }
  }

  #afterFailure(error: ClientError): NextStep {
    return afterFailure(error, { wasInUse: false, wasEverConnected: this.#wasEverConnected });
  }

  async #read(key: TokenKey | undefined): Promise<StoredToken | undefined> {
    if (key === undefined) return undefined;
    try {
      return await this.#options.tokenStore.read(key);
    } catch (cause) {
      throw storeFailed("read", cause);
    }
  }

  /** Keeps a token that hello-ok brought before anybody hears of the connection: its first use ends the one before. */
  async #keep(hello: HelloOk, key: TokenKey | undefined): Promise<void> {
    const issued = key && issuedToken(hello, key.role);
    if (key === undefined || issued === undefined) return;
    try {
      await this.#options.tokenStore.write(key, { ...issued, updatedAtMs: this.#options.clock.now() });
    } catch (cause) {
      throw storeFailed("kept", cause);
    }
  }
}

function storeFailed(what: string, cause: unknown): ClientError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new ClientError("TOKEN_STORE_FAILED", `the device token could not be ${what}${why}`, { cause });
}
