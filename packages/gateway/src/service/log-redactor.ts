/** Stands where a secret was. */
const MARK = "[redacted]";

/** A key of JSON and its text. A key stands after a brace or a comma: what stands elsewhere isn't looked at twice. */
const FIELD = /(?<=[{,]\s?)"((?:[^"\\]|\\.){0,256})"(\s{0,8}:\s{0,8})"(?:[^"\\]|\\.)*"/g;

/** Keys whose values are secrets, whatever they hold. */
const SECRET_KEY = /token|secret|password|passwd|authorization|cookie|api[-_]?key|private[-_]?key|signature/i;

/** What secrets look like in free text. */
const SECRET_TEXT: readonly RegExp[] = [
  /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /\bxapp-[A-Za-z0-9-]{10,}/g,
  /\b(?:gsk|npm)_[A-Za-z0-9]{16,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\b\d{8,12}:[A-Za-z0-9_-]{30,}/g,
  /\b([A-Z0-9_]{0,128}?(?:TOKEN|SECRET|PASSWORD|API_KEY)[A-Z0-9_]{0,128}\s{0,8}=\s{0,8})[^\s"\\]+/g,
  /([?&](?:token|password|secret|access_token|api_?key|auth)=)[^&\s"\\]+/gi,
  /(--(?:token|password|secret|api-key)[= ])[^\s"\\]+/gi,
];

/** Secrets shorter than this are not searched for: the text would be full of marks. The schema's fields still are. */
const MIN_SECRET_CHARS = 6;

/** Takes secrets out of log lines: those that are known, the fields that hold some, and what looks like one. */
export class LogRedactor {
  #known: readonly string[] = [];
  readonly #patterns: readonly RegExp[];

  /** @param extra further patterns; what they match is taken out. */
  constructor(extra: readonly RegExp[] = []) {
    this.#patterns = [...SECRET_TEXT, ...extra];
  }

  /** Takes these out from now on, wherever they stand. */
  know(secrets: readonly string[]): void {
    const spellings = secrets
      .filter((secret) => secret.length >= MIN_SECRET_CHARS)
      .flatMap((secret) => [
        secret,
        JSON.stringify(secret).slice(1, -1),
        encodeURIComponent(secret),
        Buffer.from(secret, "utf8").toString("base64"),
      ]);
    // The longest first, so that a secret that contains another one goes whole.
    this.#known = [...new Set([...this.#known, ...spellings])].sort((a, b) => b.length - a.length);
  }

  /** The text without secrets. */
  clean(text: string): string {
    let clean = text;
    for (const secret of this.#known) if (clean.includes(secret)) clean = clean.replaceAll(secret, MARK);
    clean = clean.replace(FIELD, (field, key: string, colon: string) =>
      SECRET_KEY.test(key) ? `"${key}"${colon}"${MARK}"` : field,
    );
    for (const pattern of this.#patterns) {
      clean = clean.replace(pattern, (...match) => {
        const kept: unknown = match[1];
        return typeof kept === "string" && /[= ]$/.test(kept) ? `${kept}${MARK}` : MARK;
      });
    }
    return clean;
  }
}
