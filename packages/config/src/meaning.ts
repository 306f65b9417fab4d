/** What a configuration says that its keys, each for itself, can't tell. */
export interface Meaning {
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
}
