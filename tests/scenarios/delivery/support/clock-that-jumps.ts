// Loaded before the gateway: whenever it gets SIGUSR2 its wall clock is set back by some minutes, as when a machine finds out
// that it was ahead. Timers go on as they were, as they do then.
const stepMs = 5 * 60_000;
const RealDate = Date;
let offsetMs = 0;

class JumpingDate extends RealDate {
  constructor(...values: [] | [number]) {
    if (values.length === 0) super(RealDate.now() + offsetMs);
    else super(...values);
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = JumpingDate as DateConstructor;
process.on("SIGUSR2", () => {
  offsetMs -= stepMs;
  process.stderr.write("The clock was set back.\n");
});
