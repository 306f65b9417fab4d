/** The words of a name: `node.pair.setupCode` has four, and so has `AUTH_TOKEN_NOT_CONFIGURED`. */
function words(name: string): string[] {
  // Where everything is written large, the case says nothing.
  return (/[a-z]/.test(name) ? name : name.toLowerCase())
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .flatMap((word) => word.split(/(?<=[a-z0-9])(?=[A-Z])/));
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** `node.pair.setupCode` as `NodePairSetupCode`. */
export function pascal(name: string): string {
  return words(name).map(capital).join("");
}

/** `allow-once` as `allowOnce`. A name that begins with a digit gets an underscore in front. */
export function camel(name: string): string {
  const [first = "", ...rest] = words(name);
  const text =
    (/^[A-Z0-9]+$/.test(first) ? first.toLowerCase() : first.charAt(0).toLowerCase() + first.slice(1)) +
    rest.map(capital).join("");
  return /^[0-9]/.test(text) ? `_${text}` : text;
}

/** `allow-once` as `ALLOW_ONCE`. */
export function constant(name: string): string {
  const text = words(name).join("_").toUpperCase();
  return /^[0-9]/.test(text) ? `_${text}` : text;
}

/** Splits text into lines of at most `width` characters, at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
