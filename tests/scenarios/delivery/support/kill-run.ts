import { setTimeout as pause } from "node:timers/promises";
import { DeliveryWorld, listens, type WorldOptions } from "./delivery-world.ts";
import { Flow } from "./flow.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** How a gateway is killed again and again. */
export interface KillRun extends WorldOptions {
  readonly kills: number;
  /** Around what each of them dies. @default what chance chooses, now and then nothing at all for some seconds */
  readonly dies?: Moment;
  /** Whether Telegram now and then brings again what was confirmed, which mends what a broken gateway has lost. @default true */
  readonly repeats?: boolean;
  /** What ends it. @default "SIGKILL" */
  readonly signal?: NodeJS.Signals;
}

/** How long a gateway lives when the moment for its death doesn't come, in milliseconds. */
const longestMs = 2_500;

/**
 * Kills a gateway so many times while people write to it, at points that chance chooses: most soon after it has begun to
 * serve, some before, and now and then one lives long enough to find out what became of what its predecessors left. Then it
 * lets everything come to rest, and judges; and judges again what one more gateway makes of the state.
 */
export async function killRun({
  kills,
  dies,
  signal,
  repeats = true,
  ...options
}: KillRun): Promise<Verdict & { readonly seed: number }> {
  await using world = await DeliveryWorld.create(options);
  const { random } = world;
  const flow = new Flow(world, { repeats });
  const failed = flow.begin();
  const killing = async (): Promise<void> => {
    for (let kill = 0; kill < kills; kill += 1) {
      const gateway = world.start();
      // Not waits for anything: they only choose the moment.
      if (dies === undefined && random.below(12) === 0) await pause(random.below(600));
      else {
        await listens(gateway);
        if (dies === undefined && kill % 16 === 15) await pause(5_000 + random.below(1_500));
        else await Promise.race([moment(world, dies ?? random.pick(moments)), pause(longestMs)]);
      }
      await world.kill(signal);
    }
  };
  const begunAtMs = Date.now();
  const killed = killing();
  killed.catch(() => undefined); // nobody waits for it any more when the flow has failed
  await Promise.race([killed, failed]);
  const killedAtMs = Date.now();
  const ending = flow.end();
  await world.serve();
  await ending;
  // Those who wrote while nobody was there write once more: what waited isn't answered with a code.
  for (const stranger of world.strangers) flow.knock(stranger);
  await world.settled();
  const verdict = await verdictOn(world, flow);
  const calls = world.line.carried("sendMessage");
  await world.kill();
  await world.serve();
  await world.settled();
  // All of it once more, as if Telegram had forgotten that it was received.
  world.bot.queue.redeliver();
  await world.settled();
  const later = await verdictOn(world, flow);
  const more = world.line.carried("sendMessage") - calls;
  const broken = [...verdict.broken, ...later.broken.map((words) => `after one more start: ${words}`)];
  if (options.isWebhook === true && world.telegram.calls.of("getUpdates").length > 0)
    broken.push("it asked for what should have been brought to it");
  if (more > 0) broken.push(`after one more start ${more} messages were sent again`);
  return {
    seed: random.seed,
    broken,
    counts: { kills, killingMs: killedAtMs - begunAtMs, settlingMs: Date.now() - killedAtMs, ...later.counts },
  };
}

/** Around what a gateway dies. */
type Moment = "sending" | "growing" | "thinking" | "receiving" | "any";
const moments = ["sending", "growing", "thinking", "receiving", "any"] as const;

/** A moment at which a death may hurt. */
async function moment({ bot, line, models, random, telegram }: DeliveryWorld, kind: Moment): Promise<void> {
  const times = 1 + random.below(3);
  switch (kind) {
    case "sending":
      await line.untilCarried("sendMessage", times);
      return pause(random.below(60));
    case "growing":
      await Promise.race([line.untilCarried("editMessageText", 1), line.untilCarried("sendMessage", 2)]);
      return pause(random.below(60));
    case "thinking":
      await models.received(models.count + times);
      return pause(random.below(300));
    case "receiving": {
      const { taken } = bot.queue;
      await telegram.calls.until(() => bot.queue.taken > taken);
      return pause(random.below(60));
    }
    case "any":
      return pause(random.below(800));
    default:
      return kind satisfies never;
  }
}
