/**
 * A value that is built when it is first asked for. Schemas are many and a process uses few of them,
 * so each is described by a thunk: start-up pays for none.
 */
export function lazy<T>(build: () => T): () => T {
  let built: { readonly value: T } | undefined;
  return () => {
    built ??= { value: build() };
    return built.value;
  };
}
