import type { DocumentShape, StateDocument } from "./document.ts";
import { decodeDocument, emptyValue, encodeDocument } from "./document-codec.ts";
import { StoreError, StoreErrorCode } from "./errors.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

/** A document in a row of a database. */
export class SqliteDocument<T> implements StateDocument<T> {
  readonly #name: string;
  readonly #shape: DocumentShape<T>;
  readonly #connection: SqliteConnection;
  readonly #listen: (name: string, listener: () => void) => () => void;
  readonly #tell: (name: string) => void;
  #known: { readonly value: T; readonly revision: string } | undefined;

  constructor(
    name: string,
    shape: DocumentShape<T>,
    connection: SqliteConnection,
    changes: {
      readonly listen: (name: string, listener: () => void) => () => void;
      readonly tell: (name: string) => void;
    },
  ) {
    this.#name = name;
    this.#shape = shape;
    this.#connection = connection;
    this.#listen = changes.listen;
    this.#tell = changes.tell;
  }

  async read(): Promise<{ readonly value: T; readonly revision: string }> {
    const row = await this.#connection.read((statements) => {
      const found = statements.get<{ revision: number }>("SELECT revision FROM documents WHERE name = ?", this.#name);
      if (found === undefined || String(found.revision) === this.#known?.revision) return found;
      return statements.get<{ revision: number; bytes?: Uint8Array }>(
        "SELECT revision, bytes FROM documents WHERE name = ?",
        this.#name,
      );
    });
    if (row === undefined) return { value: emptyValue(this.#shape), revision: "0" };
    if (!("bytes" in row) || row.bytes === undefined) return this.#known!;
    const decoded = decodeDocument(row.bytes as Uint8Array, this.#shape);
    if (decoded.ok) {
      this.#known = { value: decoded.value, revision: String(row.revision) };
      return this.#known;
    }
    throw new StoreError(
      StoreErrorCode.Corrupt,
      `The document "${this.#name}" is damaged: ${decoded.why.reason}. It was left as it is, and nothing that depends on it is allowed. Restore a backup of the database.`,
      { cause: decoded.why.cause },
    );
  }

  async replace(value: T, revision: string): Promise<boolean> {
    this.#connection.requireOpen();
    const bytes = encodeDocument(value, this.#shape, this.#name);
    if (!/^\d{1,15}$/.test(revision)) return false;
    const changed = await this.#connection.write((statements) =>
      revision === "0"
        ? statements.run("INSERT INTO documents VALUES (?, 1, ?) ON CONFLICT DO NOTHING", this.#name, bytes)
        : statements.run(
            "UPDATE documents SET revision = revision + 1, bytes = ? WHERE name = ? AND revision = ?",
            bytes,
            this.#name,
            Number(revision),
          ),
    );
    if (changed === 1) this.#tell(this.#name);
    return changed === 1;
  }

  changed(listener: () => void): () => void {
    this.#connection.requireOpen();
    return this.#listen(this.#name, listener);
  }
}
