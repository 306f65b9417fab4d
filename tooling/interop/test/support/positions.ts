import { startForwardingProxy } from "../../../../tests/support/forwarding-proxy.ts";
import { openNetworkNamespace } from "../../../../tests/support/network-namespace.ts";
import { type GatewayProcess, startGatewayProcess } from "../../src/gateway-process.ts";

/** A gateway, and a place from which it looks remote. */
export interface RemotePosition extends AsyncDisposable {
  readonly gateway: GatewayProcess;
  /** What the remote client dials. */
  readonly url: string;
  /** What its process is started with. */
  readonly prefix: readonly string[];
  /** The address under which its owner sees it, when the gateway can know it. */
  readonly remoteIp: string | undefined;
}

/** A short tick, so that what ticks bring is seen soon. */
const config = { tickIntervalMs: 1_000 };

/** Behind a proxy on this machine: whoever comes through a proxy is not local. */
export async function behindProxy(): Promise<RemotePosition> {
  const gateway = await startGatewayProcess({ config });
  const proxy = await startForwardingProxy(gateway.port);
  return {
    gateway,
    url: proxy.url,
    prefix: [],
    remoteIp: undefined,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

/** In a network namespace, over a link with private addresses: as good as another machine. */
export async function inNamespace(): Promise<RemotePosition> {
  const namespace = openNetworkNamespace();
  try {
    const { hostAddress, peerAddress, prefix } = namespace;
    const gateway = await startGatewayProcess({
      config: { ...config, customBindHost: hostAddress },
      flags: ["--bind", "custom"],
    });
    return {
      gateway,
      url: `ws://${hostAddress}:${gateway.port}`,
      prefix,
      remoteIp: peerAddress,
      async [Symbol.asyncDispose]() {
        await gateway[Symbol.asyncDispose]();
        namespace[Symbol.dispose]();
      },
    };
  } catch (error) {
    namespace[Symbol.dispose]();
    throw error;
  }
}
