/**
 * Values that are made at first use and kept under their keys. For keys of which there are few.
 */
export interface Made<A> {
  readonly of: (key: string) => A
  readonly all: ReadonlyMap<string, A>
}

/** `make` runs once for each key. */
export const made = <A>(make: (key: string) => A): Made<A> => {
  const all = new Map<string, A>()
  return {
    all,
    of: (key) => {
      const known = all.get(key)
      if (known !== undefined) return known
      const value = make(key)
      all.set(key, value)
      return value
    }
  }
}
