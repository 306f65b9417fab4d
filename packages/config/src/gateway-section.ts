import { z } from "zod";
import { keyed, laterKey, optionalKey, section } from "./annotate.ts";
import { gatewayUrl, ipAddress, ipOrNetwork, nonEmpty, originOrAny, secret, wholeNumber } from "./values.ts";

const hourMs = 3_600_000;
const mebibyte = 1024 * 1024;

/** The port a gateway listens on when nothing says otherwise. */
export const defaultGatewayPort = 18789;

const authSection = () =>
  section({
    mode: optionalKey(z.enum(["token", "password"]), {
      description: "Which shared secret opens the gateway. Without it: `password` if one is set, else `token`.",
      expects: '"token" or "password"',
      defaultText: "`token`, or `password` if one is set",
      reload: "gateway",
    }),
    token: optionalKey(secret, {
      description: "The shared token. Whoever has it can pair a device on this host: keep it like a root password.",
      expects: "a secret: a text that isn't empty and isn't a placeholder",
      sensitive: true,
      reload: "gateway",
    }),
    password: optionalKey(secret, {
      description: "The shared password, for `mode: password`.",
      expects: "a secret: a text that isn't empty and isn't a placeholder",
      sensitive: true,
      reload: "gateway",
    }),
    allowTailscale: keyed(z.boolean(), false, {
      description:
        "Accept the identity that Tailscale attaches to a request, after asking Tailscale whether it is true.",
      expects: "true or false",
      reload: "gateway",
    }),
    localWithoutDevice: keyed(z.enum(["full", "read-write", "off"]), "full", {
      description:
        "What a local connection may do that has proven the shared secret but presents no device: everything it asks for, only read and write, or nothing.",
      expects: '"full", "read-write" or "off"',
      reload: "live",
    }),
    deviceTokenTtlMs: optionalKey(wholeNumber(60_000, 10 * 365 * 24 * hourMs), {
      description: "How long a device's token stays valid after it was issued, in milliseconds.",
      expects: "a whole number from 60000 to 315360000000",
      defaultText: "no expiry",
      reload: "live",
    }),
    rateLimit: section({
      maxFailures: keyed(wholeNumber(1, 10_000), 10, {
        description: "Failed attempts of one address within the window before it has to wait.",
        expects: "a whole number from 1 to 10000",
        reload: "live",
      }),
      windowMs: keyed(wholeNumber(1_000, 24 * hourMs), 60_000, {
        description: "Length of the window in which failures count, in milliseconds.",
        expects: "a whole number from 1000 to 86400000",
        reload: "live",
      }),
      lockoutMs: keyed(wholeNumber(1_000, 24 * hourMs), 300_000, {
        description: "How long an address waits after too many failures, in milliseconds.",
        expects: "a whole number from 1000 to 86400000",
        reload: "live",
      }),
    }),
  });

const tlsSection = () =>
  section({
    enabled: keyed(z.boolean(), false, {
      description: "Serve HTTPS and WSS instead of HTTP and WS. If it can't, the gateway doesn't start.",
      expects: "true or false",
      reload: "gateway",
    }),
    autoGenerate: keyed(z.boolean(), true, {
      description: "Make a self-signed certificate when neither certificate nor key exists.",
      expects: "true or false",
      reload: "gateway",
    }),
    certPath: optionalKey(nonEmpty, {
      description: "Certificate in PEM format.",
      expects: "the path of a file",
      defaultText: "`gateway/tls/gateway-cert.pem` in the state folder",
      reload: "gateway",
    }),
    keyPath: optionalKey(nonEmpty, {
      description: "Private key in PEM format.",
      expects: "the path of a file",
      defaultText: "`gateway/tls/gateway-key.pem` in the state folder",
      reload: "gateway",
    }),
    caPath: optionalKey(nonEmpty, {
      description: "Certificate authorities in PEM format, besides those of the system.",
      expects: "the path of a file",
      reload: "gateway",
    }),
  });

const remoteSection = () =>
  section({
    url: optionalKey(gatewayUrl, {
      description: "The gateway that commands on this host talk to when `gateway.mode` is `remote`.",
      expects: "a URL such as wss://host:18789, without user name, password, ? or #",
      reload: "live",
    }),
    token: optionalKey(secret, {
      description: "The shared token of that gateway.",
      expects: "a secret: a text that isn't empty and isn't a placeholder",
      sensitive: true,
      reload: "live",
    }),
    password: optionalKey(secret, {
      description: "The shared password of that gateway.",
      expects: "a secret: a text that isn't empty and isn't a placeholder",
      sensitive: true,
      reload: "live",
    }),
    tlsFingerprint: optionalKey(nonEmpty, {
      description: "SHA-256 fingerprint of that gateway's certificate: any other one is refused.",
      expects: "64 hex digits, with or without colons",
      reload: "live",
    }),
    transport: laterKey("How that gateway is reached: `direct` or through `ssh`.", "live"),
    sshTarget: laterKey("Where to go with `ssh`, as user@host.", "live"),
    sshIdentity: laterKey("Key file for `ssh`.", "live"),
  });

const limitsSection = () =>
  section({
    maxPayloadBytes: keyed(wholeNumber(64 * 1024, 256 * mebibyte), 26_214_400, {
      description: "Largest frame that a connected client may send, in bytes.",
      expects: "a whole number from 65536 to 268435456",
      reload: "gateway",
    }),
    maxBufferedBytes: keyed(wholeNumber(64 * 1024, 1024 * mebibyte), 52_428_800, {
      description: "Most bytes that wait for one slow reader before it is disconnected.",
      expects: "a whole number from 65536 to 1073741824",
      reload: "gateway",
    }),
    totalBufferedBytes: keyed(wholeNumber(mebibyte, 64 * 1024 * mebibyte), 256 * mebibyte, {
      description: "Most bytes that wait for all readers together; the slowest are disconnected first.",
      expects: "a whole number from 1048576 to 68719476736",
      reload: "gateway",
    }),
    maxConnections: keyed(wholeNumber(1, 1_000_000), 10_000, {
      description: "Most connections at once.",
      expects: "a whole number from 1 to 1000000",
      reload: "gateway",
    }),
    maxPreAuthConnections: keyed(wholeNumber(1, 100_000), 256, {
      description: "Most connections at once that have not proven themselves yet.",
      expects: "a whole number from 1 to 100000",
      reload: "gateway",
    }),
    maxPreAuthConnectionsPerIp: keyed(wholeNumber(1, 100_000), 32, {
      description: "The same, from one address.",
      expects: "a whole number from 1 to 100000",
      reload: "gateway",
    }),
    maxInFlightRequests: keyed(wholeNumber(1, 10_000), 128, {
      description: "Most unanswered requests of one connection; the next one is told to try again.",
      expects: "a whole number from 1 to 10000",
      reload: "gateway",
    }),
  });

/** Everything under `gateway`. */
export const gatewaySection = () =>
  section({
    port: keyed(wholeNumber(1, 65_535), defaultGatewayPort, {
      description: "Port for WebSocket and HTTP.",
      expects: "a whole number from 1 to 65535",
      reload: "gateway",
    }),
    mode: optionalKey(z.enum(["local", "remote"]), {
      description: "Whether the gateway runs on this host, or commands on this host use one elsewhere.",
      expects: '"local" or "remote"',
      defaultText: "`local`",
      reload: "gateway",
    }),
    bind: keyed(z.enum(["loopback", "lan", "tailnet", "auto", "custom"]), "loopback", {
      description:
        "Who can reach the port: this host alone, the local network, the tailnet, or one address. Beyond loopback a secret is required.",
      expects: '"loopback", "lan", "tailnet", "auto" or "custom"',
      reload: "gateway",
    }),
    customBindHost: optionalKey(ipAddress, {
      description: "The address for `bind: custom`.",
      expects: "an IP address",
      reload: "gateway",
    }),
    trustedProxies: keyed(z.array(ipOrNetwork).max(256), [], {
      description: "Reverse proxies whose forwarding headers are believed.",
      expects: "a list of IP addresses or networks such as 10.0.0.0/8",
      reload: "gateway",
    }),
    handshakeTimeoutMs: keyed(wholeNumber(1_000, 120_000), 15_000, {
      description: "How long a new connection may take to prove itself, in milliseconds.",
      expects: "a whole number from 1000 to 120000",
      reload: "gateway",
    }),
    tickIntervalMs: keyed(wholeNumber(1_000, 300_000), 15_000, {
      description: "Time between two signs of life on each connection, in milliseconds.",
      expects: "a whole number from 1000 to 300000",
      reload: "gateway",
    }),
    auth: authSection(),
    controlUi: section({
      allowedOrigins: keyed(z.array(originOrAny).max(256), [], {
        description:
          'Web origins besides the gateway\'s own that browsers may connect from. "*" lets every web page try.',
        expects: "a list of exact origins such as https://panel.example, without a path or a final slash",
        reload: "live",
      }),
      enabled: laterKey("Whether the gateway serves its web page."),
      basePath: laterKey("Path under which the web page is served."),
      allowInsecureAuth: laterKey("Once let the web page in without a device. This gateway always asks for one."),
      dangerouslyDisableDeviceAuth: laterKey("Once switched device proofs off. This gateway always asks for one."),
    }),
    tls: tlsSection(),
    nodes: section({
      allowCommands: keyed(z.array(nonEmpty).max(1_000), [], {
        description: "Commands that nodes may be asked for besides those of their platform. Exact names.",
        expects: "a list of command names",
        reload: "live",
      }),
      denyCommands: keyed(z.array(nonEmpty).max(1_000), [], {
        description: "Commands that no node is ever asked for. Stronger than every allowance.",
        expects: "a list of command names",
        reload: "live",
      }),
      browser: laterKey("Which node offers its browser."),
    }),
    approvals: section({
      timeoutMs: keyed(wholeNumber(1_000, 24 * hourMs), 120_000, {
        description:
          "How long a question whether a command may run waits for an answer, in milliseconds, when whoever asks names no time. Without one it is denied.",
        expects: "a whole number from 1000 to 86400000",
        reload: "live",
      }),
    }),
    remote: remoteSection(),
    limits: limitsSection(),
    restart: section({
      drainTimeoutMs: keyed(wholeNumber(0, 24 * hourMs), 300_000, {
        description: "How long a restart waits for running work, in milliseconds.",
        expects: "a whole number from 0 to 86400000",
        reload: "live",
      }),
    }),
    reload: section({
      mode: laterKey("What a changed file does: `hybrid`, `hot`, `restart` or `off`.", "live"),
      debounceMs: laterKey("How long to wait for further changes of the file, in milliseconds.", "live"),
    }),
    tailscale: section({
      mode: laterKey("Whether Tailscale publishes the port: `off`, `serve` or `funnel`."),
      resetOnExit: laterKey("Whether that ends with the gateway."),
    }),
    http: section({
      endpoints: laterKey("HTTP endpoints besides the gateway's own: chatCompletions, responses."),
    }),
  });
