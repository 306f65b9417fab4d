import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { WebSocket } from "ws";

/** A device that a load client can be. */
export interface LoadDevice {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly privateKey: KeyObject;
  /** Its own token, once it has one. */
  deviceToken?: string;
}

export function newLoadDevice(): LoadDevice {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return { deviceId: createHash("sha256").update(raw).digest("hex"), publicKey: raw.toString("base64url"), privateKey };
}

/** How a load client connects. */
export interface LoadConnect {
  readonly url: string;
  readonly token?: string;
  readonly mode?: "cli" | "ui";
  readonly instanceId?: string;
  readonly device?: LoadDevice;
  /** Connects as a node that can do this, and not as an operator. It needs a device. */
  readonly node?: { readonly caps: readonly string[]; readonly commands: readonly string[] };
  /** Sees every message that is no answer, unread. */
  readonly onEvent?: (data: Buffer) => void;
}

/** How clients of each role show themselves. */
const ROLES = {
  operator: { id: "gateway-client", scopes: ["operator.admin"] },
  node: { id: "node-host", scopes: [] },
} as const;
const RESPONSE_START = Buffer.from('{"type":"res"');

/** A client that does as little as possible besides speaking the protocol, so that the servers are what is measured. */
export class LoadClient {
  readonly socket: WebSocket;
  readonly #answers = new Map<string, (payload: unknown) => void>();
  readonly #options: LoadConnect;
  #requests = 0;
  #failed: ((error: Error) => void) | undefined;

  private constructor(options: LoadConnect) {
    this.#options = options;
    this.socket = new WebSocket(options.url, { perMessageDeflate: false, maxPayload: 26_214_400 });
  }

  /** Connects; resolves at hello-ok. @throws when it is refused. */
  static async connect(options: LoadConnect): Promise<LoadClient> {
    const client = new LoadClient(options);
    await client.#handshake();
    return client;
  }

  #handshake(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.socket.on("error", reject);
      this.socket.on("close", (code, reason) => reject(new Error(`closed with ${code} ${reason.toString("utf8")}`)));
      this.socket.on("message", (data: Buffer) => {
        if (this.#failed === undefined) this.#take(data);
        else this.#takeHandshake(data, resolve);
      });
    });
  }

  #takeHandshake(data: Buffer, resolve: () => void): void {
    const frame: { type: string; ok?: boolean; payload: { nonce?: string; auth?: { deviceToken?: string } } } =
      JSON.parse(data.toString("utf8"));
    if (frame.type === "event") {
      if (frame.payload.nonce !== undefined) this.#sendConnect(frame.payload.nonce);
      return;
    }
    if (frame.ok !== true) {
      this.#failed?.(new Error(data.toString("utf8")));
      return;
    }
    const { device } = this.#options;
    const issued = frame.payload.auth?.deviceToken;
    if (device !== undefined && issued !== undefined) device.deviceToken = issued;
    this.#failed = undefined;
    resolve();
  }

  #sendConnect(nonce: string): void {
    const { token, instanceId, device, node } = this.#options;
    const role = node === undefined ? "operator" : "node";
    const { id, scopes } = ROLES[role];
    const mode = node === undefined ? (this.#options.mode ?? "cli") : "node";
    const client = { id, version: "1", platform: "linux", mode, ...(instanceId && { instanceId }) };
    const shared = token ?? device?.deviceToken ?? "";
    const signedAt = Date.now();
    const signed = (secret: KeyObject, deviceId: string): string =>
      sign(
        null,
        Buffer.from(
          ["v3", deviceId, client.id, mode, role, scopes.join(","), signedAt, shared, nonce, "linux", ""].join("|"),
        ),
        secret,
      ).toString("base64url");
    this.#send({
      type: "req",
      id: "connect",
      method: "connect",
      params: {
        minProtocol: 4,
        maxProtocol: 4,
        client,
        role,
        scopes,
        ...node,
        auth: { token: shared },
        ...(device && {
          device: {
            id: device.deviceId,
            publicKey: device.publicKey,
            signature: signed(device.privateKey, device.deviceId),
            signedAt,
            nonce,
          },
        }),
      },
    });
  }

  #send(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  #take(data: Buffer): void {
    if (data.compare(RESPONSE_START, 0, RESPONSE_START.length, 0, RESPONSE_START.length) !== 0) {
      this.#options.onEvent?.(data);
      return;
    }
    const frame: { id: string; ok: boolean; payload: unknown } = JSON.parse(data.toString("utf8"));
    const answer = this.#answers.get(frame.id);
    this.#answers.delete(frame.id);
    if (!frame.ok) throw new Error(data.toString("utf8"));
    answer?.(frame.payload);
  }

  request(method: string, params?: unknown): Promise<unknown> {
    this.#requests += 1;
    const id = String(this.#requests);
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#send({ type: "req", id, method, params });
    });
  }

  /** Leaves, and resolves when the socket is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once("close", () => resolve());
      this.socket.close(1000);
    });
  }
}

/** Connects many, a few at a time. */
export async function connectMany(count: number, optionsOf: (index: number) => LoadConnect): Promise<LoadClient[]> {
  const clients: LoadClient[] = [];
  for (let start = 0; start < count; start += 16) {
    const batch = Array.from({ length: Math.min(16, count - start) }, (_, index) =>
      LoadClient.connect(optionsOf(start + index)),
    );
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}
