const HANDSHAKE =
  "close to the budget and on either side of it from run to run. About a fifth of the gateway's time is the signature " +
  "check, of which the floor makes none; the rest is spread over the HTTP routing of the upgrade, the token digests, " +
  "the admission and a hello-ok of the whole snapshot.";

const TURN =
  "the model, its client and the gateway share two cores, and two of a turn's three transactions wait for the disk. In a profile " +
  "about a third of the gateway's time is those transactions, about a fifth is fetch and the AI SDK, " +
  "a twelfth is writing to sockets.";

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
  "chat.send acknowledged, one after another":
    "one after another, each is a round trip over a WebSocket, a check of its params and a commit; the floor is a commit alone, " +
    "in the same process. Sixteen at once share their commits.",
  "chat.send acknowledged, 16 at once":
    "close to the budget and on either side of it from run to run. The floor writes one row into one table without an index; here each " +
    "message begins a session of its own, with rows in three tables and their indexes, though at shared flushes.",
  "200 streams at once, pieces of answers":
    "a piece costs the gateway just under a millisecond of a core; model, clients and gateway share two. The profile has no single cause: the chain of web streams that fetch and the AI SDK " +
    "read through, a schema check for each piece, and what is told to clients.",
  "200 streams at once, delay of a piece, p50 and p99":
    "up to 150 ms of it is the interval at which answers are told; the rest is pieces that wait for a core.",
  "1,000 garbage connections: p99 of others; a new client's hello-ok":
    "accepting and upgrading is what costs, before a byte of garbage is read, and the floor pays it too: compare the " +
    "floor's own p99 in the same row.",
};
