import { connect } from "node:net";
import { expect, test } from "vitest";
import { startWorld } from "../support/world.ts";

/** What a TCP connection to a port of this machine comes to. */
function knock(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
  });
}

test("[service:stops-listening] http: a gateway that has stopped listens no more, so that its process ends and a restart finds its port free", async () => {
  await using world = await startWorld();
  const { port } = world.gateway;
  expect(await knock(port)).toBe("connected");
  await world.gateway.stop({ drainTimeoutMs: 0 });
  expect(await knock(port)).toBe("ECONNREFUSED");
});
