const HANDSHAKE =
  "close to the budget and on either side of it from run to run. About a fifth of the gateway's time is the signature " +
  "check, of which the floor makes none; the rest is spread over the HTTP routing of the upgrade, the token digests, " +
  "the admission and a hello-ok of the whole snapshot.";

const TURN =
  "measured while other people's builds and tests kept both cores and the disk busy (see the load above): what is added is " +
  "about 8 ms of one core, half of it in the AI SDK's chain of streams and schemas, and two flushes of the disk, each of which " +
  "waits behind other programs'. On a machine that nobody else uses it is to be measured again.";

/** Why a budget is missed, by the row's name, where we know. */
export const REMARKS: Readonly<Record<string, string>> = {
  "health, one client, p50":
    "the median of a request of some tens of microseconds on a machine that others used as well; three other runs of " +
    "the same day gave 0.92, 0.99 and 1.03.",
  "known device's handshake, one after another": HANDSHAKE,
  "known device's handshake, 16 at once": HANDSHAKE,
  "2,000 idle connections, memory of each":
    "most of it is not the connections: the burst of handshakes lets V8's young generation grow by tens of megabytes " +
    "once, and V8 does not give them back. With that held at 4 MB (`NODE_OPTIONS=--max-semi-space-size=4`) each further " +
    "thousand connections cost 9.5 kB each, the floor's 5.7 to 6.8 kB: 1.4 to 1.7 times as much. Use that option on small machines.",
  "a turn, chat.send to its end, p50": TURN,
  "a turn, chat.send to its end, p99": TURN,
  "200 streams at once, pieces of answers":
    "the gateway had less than one of the two cores (see the load above). A piece costs it about half a millisecond, most of it in " +
    "the AI SDK's chain of streams, so that one free core takes about 2,000 pieces a second.",
  "200 streams at once, delay of a piece, p50 and p99":
    "the same: a core that has more to do than it can makes every piece wait.",
  "1,000 garbage connections: p99 of others; a new client's hello-ok":
    "accepting and upgrading is what costs, before a byte of garbage is read, and the floor pays it too: compare the " +
    "floor's own p99 in the same row.",
};
