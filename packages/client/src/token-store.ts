/** Whose token it is. A token is only ever sent to the origin that issued it (rule R-01). */
export interface TokenKey {
  /** `ws://host:port` of the gateway that issued it. */
  readonly origin: string;
  readonly deviceId: string;
  readonly role: string;
}

/** A device token, as a gateway issued it. */
export interface StoredToken {
  readonly token: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly updatedAtMs: number;
}

/** Where device tokens live. A promise that resolves means that it is done for good. */
export interface TokenStore {
  read(key: TokenKey): Promise<StoredToken | undefined>;
  write(key: TokenKey, token: StoredToken): Promise<void>;
  /** Forgets the token, unless another one took its place in the meantime. */
  remove(key: TokenKey, token: string): Promise<void>;
}

/** A store that ends with the program. */
export function memoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>();
  const nameOf = (key: TokenKey): string => JSON.stringify([key.origin, key.deviceId, key.role]);
  return {
    read: async (key) => tokens.get(nameOf(key)),
    write: async (key, token) => {
      tokens.set(nameOf(key), token);
    },
    remove: async (key, token) => {
      if (tokens.get(nameOf(key))?.token === token) tokens.delete(nameOf(key));
    },
  };
}
