// Several processes on the same files, stepped by hand: a "disk" that their documents share, on which every read and every
// write waits until the scheduler lets that process go on, fail or die.
import type { DocumentShape, DocumentStore, StateDocument } from "@saltgate/store";

interface Slot {
  text: string | undefined;
  revision: number;
}

/** Files by their document's name. */
export class Disk {
  readonly #slots = new Map<string, Slot>();

  constructor(files: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries(files)) {
      this.#slots.set(name, { text: JSON.stringify(value), revision: 0 });
    }
  }

  slot(name: string): Slot {
    const slot = this.#slots.get(name) ?? { text: undefined, revision: 0 };
    this.#slots.set(name, slot);
    return slot;
  }

  /** What a process that starts now reads. */
  read<T>(name: string, shape: DocumentShape<T>): T {
    const { text } = this.slot(name);
    return text === undefined ? shape.empty() : shape.parse(JSON.parse(text));
  }
}

export type Step = "go" | "die" | "fail-before-write" | "fail-after-write";
type Gate = (isWrite: boolean) => Promise<Step>;

function documentOn<T>(slot: Slot, shape: DocumentShape<T>, gate: Gate): StateDocument<T> {
  return {
    async read() {
      await gate(false);
      const value = slot.text === undefined ? shape.empty() : shape.parse(JSON.parse(slot.text));
      return { value, revision: String(slot.revision) };
    },
    async replace(value, revision) {
      const step = await gate(true);
      if (step === "fail-before-write") throw new Error("disk full");
      if (String(slot.revision) !== revision) return false;
      slot.text = JSON.stringify(value);
      slot.revision += 1;
      if (step === "fail-after-write") throw new Error("flush failed");
      return true;
    },
  };
}

/** What one process does, in order; it notes each answer. */
export type Program<P> = (process: P, note: (answer: unknown) => void) => Promise<void>;
/** Starts a process on its documents. */
export type Start<P> = (store: DocumentStore) => Promise<P>;

/** Answers of each process so far; the last entry of one that died stays unanswered. */
export interface Run {
  readonly answers: readonly unknown[][];
  readonly steps: number;
}

/** Runs programs together. At each step `choose` says which of the waiting processes goes on, and how. */
export async function runTogether<P>(
  disk: Disk,
  open: Start<P>,
  programs: readonly Program<P>[],
  choose: (waiting: readonly number[], isWrite: (process: number) => boolean) => readonly [process: number, step: Step],
): Promise<Run> {
  const waiting = new Map<number, { readonly isWrite: boolean; readonly go: (step: Step) => void }>();
  const answers: unknown[][] = programs.map(() => []);
  const finished = new Set<number>();
  for (const [at, program] of programs.entries()) {
    const gate: Gate = (isWrite) => new Promise((go) => waiting.set(at, { isWrite, go }));
    const start = async () => {
      const store: DocumentStore = {
        document: (name, shape) => documentOn(disk.slot(name), shape, gate),
        close: () => Promise.resolve(),
      };
      await program(await open(store), (answer) => answers[at]!.push(answer));
    };
    start().then(
      () => finished.add(at),
      () => finished.add(at),
    );
  }
  let steps = 0;
  for (;;) {
    // Everything here runs in microtasks, so one turn of the event loop brings each process to its next gate.
    await new Promise((turn) => setImmediate(turn));
    const ready = [...waiting.keys()].sort((left, right) => left - right);
    if (ready.length === 0) return { answers, steps };
    steps += 1;
    const [at, step] = choose(ready, (process) => waiting.get(process)!.isWrite);
    const { go } = waiting.get(at)!;
    waiting.delete(at);
    if (step !== "die") go(step);
  }
}

/**
 * Every schedule of the programs with at most `maxSwitches` changes of the running process that nothing forced, and at
 * most one death, at any step.
 * @returns how many schedules there were
 */
export async function everySchedule<P>(
  files: Readonly<Record<string, unknown>>,
  open: Start<P>,
  programs: readonly Program<P>[],
  maxSwitches: number,
  check: (run: Run & { readonly disk: Disk; readonly dead: number | undefined; readonly trace: string }) => void,
): Promise<number> {
  let schedules = 0;
  let plan: number[] | undefined = [];
  while (plan !== undefined) {
    const taken: { choice: number; of: number }[] = [];
    const trace: string[] = [];
    let running: number | undefined;
    let switches = 0;
    let dead: number | undefined;
    const disk = new Disk(files);
    const current: number[] = plan;
    const run = await runTogether(disk, open, programs, (ready) => {
      const isFree = running === undefined || !ready.includes(running);
      const others = isFree || switches < maxSwitches ? ready.filter((at) => at !== running) : [];
      const next = isFree ? others : [running!, ...others];
      const options: [number, Step][] = next.map((at) => [at, "go"]);
      if (dead === undefined) options.push([next[0]!, "die"]);
      const choice = current[taken.length] ?? 0;
      taken.push({ choice, of: options.length });
      const [at, step] = options[choice]!;
      if (!isFree && at !== running) switches += 1;
      if (step === "die") dead = at;
      running = at;
      trace.push(`${at}${step === "die" ? "†" : ""}`);
      return [at, step];
    });
    schedules += 1;
    check({ ...run, disk, dead, trace: trace.join(" ") });
    while (taken.length > 0 && taken.at(-1)!.choice + 1 >= taken.at(-1)!.of) taken.pop();
    const last = taken.pop();
    plan = last === undefined ? undefined : [...taken.map(({ choice }) => choice), last.choice + 1];
  }
  return schedules;
}
