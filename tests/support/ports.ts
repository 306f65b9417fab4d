import { createServer } from "node:net";

/** Below what systems hand out by themselves: Linux begins at 32768, macOS and Windows at 49152. */
const FIRST = 12_000;
const END = 32_000;
/** How many ports one process of the tests may keep before it meets those of the process beside it. */
const SHARE = 40;

let taken = 0;

/**
 * A port of 127.0.0.1 for what must come back on the same port; everything else listens on port 0. A port that the system
 * chose goes to the next program that asks as soon as it is let go of, if only for the near end of a connection. This one the
 * system gives to nobody, and no other process of the tests asks for it: each has a share of its own, by its id.
 */
export async function keptPort(): Promise<number> {
  for (let tries = 0; tries < SHARE; tries++) {
    const port = FIRST + ((process.pid * SHARE + (taken++ % SHARE)) % (END - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`none of this process's ${SHARE} ports is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
