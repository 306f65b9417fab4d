import fc from "fast-check";
import { expect, test } from "vitest";
import { type HostView, readShellText } from "../src/index.ts";
import { linuxHost } from "./fake-host.ts";
import { judge } from "./judging.ts";
import { type Effect, effectsOf, isHarmful } from "./running-oracle.ts";

const pick = (text: string) => fc.constantFrom(...text.split(" "));
const some = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number) => fc.array(arbitrary, { maxLength });

const wrapper = pick(
  "env nice nohup timeout stdbuf time ionice /usr/bin/env /opt/ok/env /home/me/bin/nice xargs sudo setsid busybox ./bin/nice",
);
const wrapperWord = pick(
  "-n 5 -5 -n5 --adjustment=1 -- 5s -k 1 -s KILL -oL -o L -e 0 -p -c 3 -c3 -i -S -C / -u -v LANG=C TZ=UTC PATH=/tmp LD_PRELOAD=x A=b =x --foreground --output=x -",
);
const program = pick(
  "uptime /usr/bin/uptime /tmp/uptime /opt/ok/tool /opt/ok/../okay/evil /opt/ok/out /opt/ok/shell /opt/ok/script.sh /opt/ok/a=b ../../opt/ok/tool ./run.sh ./bin/tool ~/bin/tool " +
    "python3 /home/me/bin/python3 node bash sh fish perl awk make find git grep jq sort cut head tail tr uniq wc ls cat nothing /opt/ok/sub/deep/tool /opt/ok/a+b(c).x",
);
const word = pick(
  "x.py x.js run.sh evil.py notes -c -e -u -uB -i -lc -m - -- -p . -exec ; -r -rn -in -e -f -fx -o -ox --compress-program=sh --co=sh --reverse --key=1 -k -k2 2 -t, -d: -f1 -n -5 -20 +3 -F -l -L " +
    "a b .a env $ENV * $HOME `id` $(id) | && ; > --arg --slurpfile --indent --regexp=x --file=x --files0-from=x x --ignore-case --ign -A3 -A inspect",
);
const plainCommand = fc
  .tuple(some(fc.tuple(wrapper, some(wrapperWord, 3)), 2), program, some(word, 4))
  .map(([wrappers, name, rest]) => [...wrappers.flatMap(([outer, options]) => [outer, ...options]), name, ...rest]);

const quoting = fc.constantFrom(
  (text: string) => text,
  (text: string) => `'${text}'`,
  (text: string) => `"${text}"`,
  (text: string) => text.replace(/(?=[^A-Za-z0-9])/g, "\\"),
);
const shellText = plainCommand.chain((argv) =>
  fc.tuple(...argv.map((part) => quoting.map((quote) => quote(part)))).map((parts) => parts.join(" ")),
);
const shellCommand = fc
  .tuple(
    some(wrapper, 1),
    fc.constantFrom(
      ["sh", "-c"],
      ["bash", "-lc"],
      ["/opt/ok/shell", "-c"],
      ["fish", "-c"],
      ["zsh", "-cx"],
      ["busybox", "sh", "-c"],
      ["ash", "-c"],
    ),
    shellText,
  )
  .map(([outer, shell, text]) => [...outer, ...shell, text]);
const command = fc.oneof({ weight: 2, arbitrary: plainCommand }, { weight: 1, arbitrary: shellCommand });

const lists: readonly (readonly string[])[] = [
  ["/opt/ok/**", "/usr/bin/uptime"],
  ["/usr/bin/*", "~/x.py", "~/bin/*"],
  ["/**"],
  ["/opt/ok/t?ol", "/home/me/run.sh", "/usr/bin/sh", "/bin/sh", "/usr/bin/dash", "/usr/bin/env", "/usr/bin/nice"],
  [],
];
const asExpression = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/^~/, "/home/me")
      .replace(/[.+()]/g, "\\$&")
      .replace(/\*\*|\*|\?/g, (star) => (star === "**" ? ".+" : star === "*" ? "[^/]*" : "[^/]"))}$`,
  );

/** Why an allowed command shouldn't have been, seen from what it would do. */
async function objection(
  effects: readonly Effect[],
  list: readonly string[],
  host: HostView,
): Promise<string | undefined> {
  if (effects.length !== 1) return `${effects.length} programs`;
  const [effect] = effects;
  if (effect === "code" || effect === undefined) return "something that nobody could name";
  if (/\/\.\.?\/|\/\/|\/$/.test(effect.path) || (await host.files!.realpath(effect.path)) !== effect.path)
    return "no real path";
  if (list.some((pattern) => asExpression(pattern).test(effect.path))) return undefined;
  const name = effect.path.slice("/usr/bin/".length);
  const isSafe =
    /^\/usr\/bin\/(?:jq|grep|cut|sort|uniq|head|tail|tr|wc)$/.test(effect.path) && !isHarmful(name, effect.args);
  return isSafe && !effect.script ? undefined : `${effect.path} isn't on the list`;
}

async function holds(generator: fc.Arbitrary<string[]>, numRuns: number): Promise<number> {
  const host = linuxHost();
  let allowed = 0;
  await fc.assert(
    fc.asyncProperty(generator, fc.constantFrom(...lists), async (argv, list) => {
      const verdict = await judge(argv, list, { host });
      if (verdict.verdict !== "allowed") return;
      allowed += 1;
      expect(verdict.executable).not.toBeNull();
      const effects = await effectsOf(verdict.executable!, verdict.argv, "/home/me", host.files!);
      expect(await objection(effects, list, host), JSON.stringify({ argv, list, verdict, effects })).toBeUndefined();
      // Whatever text a shell was given, its words run now, and each of them was literal.
      const text = argv.at(-2)?.match(/^-l?c$/) ? argv.at(-1)! : undefined;
      if (text === undefined || !/^(?:sh|bash|fish|\/opt\/ok\/shell)$/.test(argv.at(-3) ?? "")) return;
      expect(verdict.argv).not.toContain(text.includes(" ") ? text : "");
      expect(readShellText(text).ok).toBe(true);
    }),
    { numRuns, seed: 20_261_120 },
  );
  return allowed;
}

test("[R-33] [R-35] [R-36] [R-38] fuzz: what a list allows executes exactly one program that it names, or a safe one harmlessly", async () => {
  expect(await holds(command, 30_000)).toBeGreaterThan(1_000);
});

test("[R-36] fuzz: safe programs with any options never read a file, write one or run something", async () => {
  const safe = pick("jq grep cut sort uniq head tail tr wc");
  const option = fc.oneof(
    word,
    fc
      .string({ unit: fc.constantFrom(..."-nrfoezTSdDmkt12c=:RAi".split("")), minLength: 1, maxLength: 5 })
      .map((text) => `-${text}`),
    pick(
      "--lines --lines=3 --bytes=1 --fol --follow --delete --key=1 --output=x --regexp --regexp=x --include=x --max-count=1 --quiet --tab --from-file -- -",
    ),
  );
  expect(
    await holds(
      fc.tuple(safe, some(option, 5)).map(([name, rest]) => [name, ...rest]),
      20_000,
    ),
  ).toBeGreaterThan(1_000);
});
