import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endChild } from "./gateway-process.ts";
import { Mailbox } from "./mailbox.ts";

/** How the reference client is started. */
export interface ReferenceClientSetup {
  readonly url: string;
  readonly token?: string;
  readonly device?: { readonly deviceId: string; readonly publicKeyPem: string; readonly privateKeyPem: string };
  /** The device token that an earlier run has stored. */
  readonly storedToken?: { readonly token: string; readonly scopes: string[] };
  readonly scopes?: readonly string[];
  readonly role?: string;
  readonly clientName?: string;
  readonly mode?: string;
  readonly minProtocol?: number;
  readonly maxProtocol?: number;
  readonly displayName?: string;
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly caps?: readonly string[];
  readonly commands?: readonly string[];
  readonly permissions?: Readonly<Record<string, boolean>>;
  readonly pathEnv?: string;
}

/** What the reference client saw, by which of its callbacks. */
export type ReferenceSighting =
  | { readonly saw: "hello"; readonly hello: unknown }
  | { readonly saw: "event"; readonly event: unknown }
  | { readonly saw: "gap"; readonly gap: unknown }
  | { readonly saw: "stored"; readonly token: string; readonly scopes: string[] }
  | { readonly saw: "cleared" }
  | { readonly saw: "connect-error"; readonly message: string; readonly code?: string; readonly details?: unknown }
  | {
      readonly saw: "paused";
      readonly info: { readonly code: number; readonly reason: string; readonly detailCode: string | null };
    }
  | { readonly saw: "close"; readonly code: number; readonly reason: string }
  | {
      readonly saw: "answer";
      readonly id: number;
      readonly ok: boolean;
      readonly payload?: unknown;
      readonly message?: string;
      readonly code?: string;
      readonly details?: unknown;
    };

type Sighting<K extends ReferenceSighting["saw"]> = Extract<ReferenceSighting, { saw: K }>;

/** The published reference client, running in a process of its own. */
export class ReferenceClient implements AsyncDisposable {
  readonly sightings = new Mailbox<ReferenceSighting>();
  readonly #child;
  readonly #exited: Promise<unknown>;
  #requests = 0;

  /** @param prefix what comes before the command, e.g. to run it in another network namespace. */
  constructor(setup: ReferenceClientSetup, prefix: readonly string[] = []) {
    const words = [
      ...prefix,
      process.execPath,
      "--conditions=@saltgate/source",
      join(import.meta.dirname, "reference-client-main.ts"),
    ];
    this.#child = spawn(words[0] ?? process.execPath, words.slice(1), {
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#exited = new Promise((resolve) => this.#child.once("close", resolve));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.sightings.put(JSON.parse(line)));
    void this.#exited.then((code) => this.sightings.end(`the reference client ended with ${String(code)}`));
    this.#tell({ start: setup });
  }

  #tell(order: unknown): void {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /** The first (or the `nth`, counted from 1) sighting of a kind. */
  saw<K extends ReferenceSighting["saw"]>(kind: K, nth = 1): Promise<Sighting<K>> {
    return this.sightings.until(() => this.all(kind)[nth - 1]);
  }

  all<K extends ReferenceSighting["saw"]>(kind: K): Sighting<K>[] {
    return this.sightings.items.filter((item): item is Sighting<K> => item.saw === kind);
  }

  /** Calls a method through the reference client. */
  async request(method: string, params?: unknown): Promise<Sighting<"answer">> {
    this.#requests += 1;
    const id = this.#requests;
    this.#tell({ id, method, params: params ?? {} });
    return this.sightings.until(() => this.all("answer").find((answer) => answer.id === id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await endChild(this.#child, this.#exited);
  }
}
