import type {
  EventName,
  GatewayClient as GatewayClientType,
  HelloOk,
  MethodName,
  ParamsOf,
  PayloadOf,
  RequestOptions,
  ResultOf,
} from "@saltgate/client";
import { resolveGatewayAuth, resolveGatewayUrl } from "@saltgate/config";
import { CommandError, Exit } from "./command-error.ts";
import type { Invocation } from "./command-line.ts";
import { statePathsOf, usableConfigOf } from "./local-state.ts";
import { isLocalUrl } from "./local-url.ts";
import { VERSION } from "./version.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** How this command would get to a gateway, and with what. Holds secrets: never print it whole. */
export interface GatewayTarget {
  readonly url: string;
  readonly urlSource: string;
  readonly tlsFingerprint: string | undefined;
  readonly token: string | undefined;
  readonly tokenSource: string | undefined;
  readonly password: string | undefined;
  readonly passwordSource: string | undefined;
  /** Sources that say something else and lost, without secrets. */
  readonly conflicts: readonly string[];
  readonly timeoutMs: number;
  readonly identityFile: string;
  readonly identityAuthFile: string;
}

/** Milliseconds to wait for the gateway. */
function timeoutOf(invocation: Invocation): number {
  const text = invocation.value("timeout");
  if (text === undefined) return DEFAULT_TIMEOUT_MS;
  if (!/^\d{1,7}$/.test(text) || Number(text) < 1) {
    throw new CommandError("USAGE", `--timeout is a number of milliseconds, not "${text.slice(0, 40)}"`, {
      exit: Exit.Usage,
    });
  }
  return Number(text);
}

/** Works out where to connect, and with which secret. */
export async function targetOf(invocation: Invocation, url = invocation.value("url")): Promise<GatewayTarget> {
  const paths = statePathsOf(invocation);
  const { config, loaded } = await usableConfigOf(paths);
  const flags = {
    url,
    token: invocation.value("token"),
    password: invocation.value("password"),
    tlsFingerprint: invocation.value("tls-fingerprint"),
  };
  const address = resolveGatewayUrl({
    flags,
    env: process.env,
    config,
    written: loaded.written,
    defaultPort: paths.defaultPort,
  });
  const auth = resolveGatewayAuth({ flags, env: process.env, config, side: "client" });
  return {
    url: address.url,
    urlSource: address.source,
    tlsFingerprint:
      address.tlsFingerprint ?? (await ownFingerprint(address.url, config.gateway.tls.certPath ?? paths.tlsCertFile)),
    token: auth.mode === "token" ? auth.token : undefined,
    tokenSource: auth.tokenSource,
    password: auth.mode === "password" ? auth.password : undefined,
    passwordSource: auth.passwordSource,
    conflicts: auth.conflicts,
    timeoutMs: timeoutOf(invocation),
    identityFile: paths.identityFile,
    identityAuthFile: paths.identityAuthFile,
  };
}

/** The gateway of this machine made its certificate itself, so its own file says which one to expect. */
export async function ownFingerprint(url: string, certFile: string): Promise<string | undefined> {
  if (new URL(url).protocol !== "wss:" || !isLocalUrl(url)) return undefined;
  const { readFile } = await import("node:fs/promises");
  try {
    const { createHash, X509Certificate } = await import("node:crypto");
    return createHash("sha256")
      .update(new X509Certificate(await readFile(certFile, "utf8")).raw)
      .digest("hex");
  } catch {
    return undefined; // another machine's gateway behind a tunnel, perhaps: then the ordinary rules hold
  }
}

/** A connection of this command to a gateway. */
export interface GatewaySession extends AsyncDisposable {
  readonly target: GatewayTarget;
  readonly hello: HelloOk;
  /** @throws {CommandError} with the step that mends it */
  request<M extends MethodName>(method: M, params?: ParamsOf<M>, options?: RequestOptions): Promise<ResultOf<M>>;
  /** Listens to an event. The returned function ends it. */
  on<E extends EventName>(event: E, listener: (payload: PayloadOf<E>) => void): () => void;
  /** Calls back when the connection is there again after a loss, for a session that stays. */
  onReturn(listener: () => void): () => void;
  /**
   * Calls back when the connection is lost, for a session that stays; `ended` says that it doesn't come back by itself,
   * and `error` what mends it.
   */
  onLoss(listener: (loss: { readonly error: CommandError; readonly ended: boolean }) => void): () => void;
  /** Resolves when the connection is there, again where need be. */
  connected(): Promise<void>;
}

/** Connects to the gateway. @throws {CommandError} with the step that mends it */
export async function openSession(
  invocation: Invocation,
  target?: GatewayTarget,
  { stays = false }: { /** Whether it comes back after a loss. */ readonly stays?: boolean } = {},
): Promise<GatewaySession> {
  const where = target ?? (await targetOf(invocation));
  const [{ GatewayClient, GatewayError }, { fileTokenStore }, { loadOrCreateDeviceIdentity }, { OWNER_SCOPES }] =
    await Promise.all([
      import("@saltgate/client"),
      import("@saltgate/client/node"),
      import("@saltgate/identity/node"),
      import("@saltgate/protocol"),
    ]);
  const identity = await loadOrCreateDeviceIdentity(where.identityFile);
  const start = (device: typeof identity | undefined): GatewayClientType =>
    new GatewayClient({
      url: where.url,
      token: where.token,
      password: where.password,
      tlsFingerprint: where.tlsFingerprint,
      client: { id: "cli", mode: "cli", version: VERSION, platform: process.platform },
      scopes: OWNER_SCOPES,
      identity: device,
      // In a state folder that was taken over, tokens don't say whose they are: they are the configured gateway's.
      tokenStore: fileTokenStore(where.identityAuthFile, {
        unlabelledOrigin: where.urlSource === "flag --url" ? undefined : new URL(where.url).origin,
      }),
      reconnect: stays ? { minDelayMs: 250, maxDelayMs: 5_000 } : false,
      requestTimeoutMs: where.timeoutMs,
      connectTimeoutMs: where.timeoutMs,
    });
  let client = start(identity);
  try {
    let hello: HelloOk;
    try {
      hello = await firstConnect(client);
    } catch (error) {
      // A gateway whose device files are damaged lets no device in. Its owner, on its machine, gets in by the secret
      // alone, to ask it what is wrong.
      if (!(error instanceof GatewayError) || error.detailCode !== "STORE_UNAVAILABLE") throw error;
      await client.close();
      client = start(undefined);
      hello = await client.connect();
    }
    return {
      target: where,
      hello,
      on: (event, listener) => client.on(event, ({ payload }) => listener(payload)),
      onReturn: (listener) => client.onState(({ status }) => status === "connected" && listener()),
      onLoss: (listener) =>
        client.onState((state) => {
          if (state.status !== "waiting" && state.status !== "paused") return;
          const ended = state.status === "paused";
          explain(state.error, where).then(
            (error) => listener({ error, ended }),
            () => undefined, // what isn't the connection's fault is told to whoever asked
          );
        }),
      connected: async () => {
        await client.connect();
      },
      request: async (method, params, options) => {
        try {
          return await client.request(method, ...([params ?? {}, options ?? {}] as never));
        } catch (error) {
          throw await explain(error, where);
        }
      },
      [Symbol.asyncDispose]: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw await explain(error, where);
  }
}

/** Connects for the first time: a session that comes back later doesn't wait for a gateway that isn't there now. */
function firstConnect(client: GatewayClientType): Promise<HelloOk> {
  return new Promise((resolve, reject) => {
    const stop = client.onState((state) => {
      if (state.status === "waiting") settle(() => reject(state.error));
    });
    const settle = (answer: () => void): void => {
      stop();
      answer();
    };
    client.connect().then(
      (hello) => settle(() => resolve(hello)),
      (error: unknown) => settle(() => reject(error as Error)),
    );
  });
}

/** What went wrong with a gateway, in the words of this command. */
async function explain(error: unknown, target: Pick<GatewayTarget, "url">): Promise<CommandError> {
  if (error instanceof CommandError) return error;
  const { explainGatewayError } = await import("./gateway-errors.ts");
  return explainGatewayError(error, target.url);
}
