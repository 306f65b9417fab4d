import type { DocumentStore, RecordStore, StateStore } from "./stores.ts";

/** One store of two: documents in files that people can read, say, and rows in a database. Closing it closes both. */
export function joinStores(parts: { readonly documents: DocumentStore; readonly records: RecordStore }): StateStore {
  const { documents, records } = parts;
  return {
    document: (name, shape) => documents.document(name, shape),
    table: (name, shape) => records.table(name, shape),
    log: (name, shape) => records.log(name, shape),
    async close() {
      const closed = await Promise.allSettled([documents.close(), records.close()]);
      for (const part of closed) if (part.status === "rejected") throw part.reason;
    },
  };
}
