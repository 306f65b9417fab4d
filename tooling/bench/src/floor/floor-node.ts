// The floor of a node: a bare Node process with a bare `ws` client that says connect and stays. It proves nothing and
// runs nothing.
import { WebSocket } from "ws";

const socket = new WebSocket(process.argv[2] ?? "", { perMessageDeflate: false });
socket.on("message", (data: Buffer) => {
  const frame: { type: string; event?: string } = JSON.parse(data.toString("utf8"));
  if (frame.event === "connect.challenge") {
    const client = { id: "node-host", version: "0.0.0", platform: "linux", mode: "node" };
    const params = { minProtocol: 4, maxProtocol: 4, client, role: "node", caps: ["system"], commands: ["system.run"] };
    socket.send(JSON.stringify({ type: "req", id: "connect", method: "connect", params }));
  } else if (frame.type === "res") process.stderr.write("Connected\n");
});
