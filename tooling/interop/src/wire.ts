import { WebSocket } from "ws";
import { Mailbox } from "./mailbox.ts";

/** A frame as a client sees it, before it trusts anything in it. */
export type Frame = Readonly<Record<string, unknown>>;

/** How a strict client ended up reading what the gateway sent. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** One socket to a gateway; everything that arrives is kept in order. */
export class Wire {
  readonly frames = new Mailbox<Frame>();
  /** How many frames came as binary messages; a gateway sends none. */
  binaryFrames = 0;
  readonly socket: WebSocket;
  readonly ended: Promise<Ending>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: 26_214_400 });
    this.socket.on("message", (data, isBinary) => {
      if (isBinary) this.binaryFrames += 1;
      this.frames.put(JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : ""));
    });
    this.socket.on("error", (error) => this.frames.end(error.message));
    this.ended = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => {
        this.frames.end(`the socket closed with ${code} ${String(reason)}`);
        resolve({ code, reason: String(reason) });
      });
    });
  }

  /** Sends a text, or a frame as JSON. */
  send(frame: unknown, as: "text" | "binary" = "text"): void {
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    this.socket.send(as === "binary" ? Buffer.from(text, "utf8") : text);
  }

  event(name: string, matches: (payload: Frame) => boolean = () => true): Promise<Frame> {
    return this.frames.until((frames) =>
      frames.find(({ type, event, payload }) => type === "event" && event === name && matches(payload as Frame)),
    );
  }

  response(id: string): Promise<Frame> {
    return this.frames.until((frames) => frames.find((frame) => frame["type"] === "res" && frame["id"] === id));
  }

  async challenge(): Promise<{ readonly nonce: string; readonly ts: number }> {
    const { payload } = await this.event("connect.challenge");
    return payload as { nonce: string; ts: number };
  }

  close(): void {
    this.socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.ended;
  }
}
