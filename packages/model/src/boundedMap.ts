/**
 * What was used last, within bounds: the values of keys, forgotten when they are too many or too large.
 */

/** Values by key. */
export interface BoundedMap<A> {
  readonly get: (key: string) => A | undefined
  readonly set: (key: string, value: A) => void
  readonly delete: (key: string) => void
  readonly clear: () => void
  readonly size: () => number
}

/** What a map may hold. */
export interface Bounds<A> {
  readonly maxEntries: number
  /** Of all entries together. One that is larger alone is not kept. */
  readonly maxSize: number
  readonly sizeOf: (key: string, value: A) => number
}

/** Makes an empty map. */
export const makeBoundedMap = <A>({ maxEntries, maxSize, sizeOf }: Bounds<A>): BoundedMap<A> => {
  // In the order of last use.
  const entries = new Map<string, A>()
  let total = 0
  const drop = (key: string) => {
    const value = entries.get(key)
    if (value === undefined) return
    entries.delete(key)
    total -= sizeOf(key, value)
  }
  return {
    get: (key) => {
      const value = entries.get(key)
      if (value === undefined) return undefined
      entries.delete(key)
      entries.set(key, value)
      return value
    },
    set: (key, value) => {
      drop(key)
      const size = sizeOf(key, value)
      if (size > maxSize || maxEntries < 1) return
      entries.set(key, value)
      total += size
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && total <= maxSize) break
        drop(oldest)
      }
    },
    delete: drop,
    clear: () => {
      entries.clear()
      total = 0
    },
    size: () => entries.size
  }
}
