/**
 * What was used last, within bounds: the values of keys that are texts, forgotten when they are too many or too long.
 */

/** Values by text. */
export interface BoundedMap<A> {
  readonly get: (key: string) => A | undefined
  readonly set: (key: string, value: A) => void
  readonly clear: () => void
  readonly size: () => number
}

/** What a map may hold. */
export interface Bounds {
  readonly maxEntries: number
  /** Characters of all keys together. */
  readonly maxChars: number
}

/** Makes an empty map. A key that is too long for all of it is not kept. */
export const makeBoundedMap = <A>({ maxChars, maxEntries }: Bounds): BoundedMap<A> => {
  // In the order of last use.
  const entries = new Map<string, A>()
  let chars = 0
  const drop = (key: string) => {
    if (entries.delete(key)) chars -= key.length
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
      if (key.length > maxChars || maxEntries < 1) return
      entries.set(key, value)
      chars += key.length
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && chars <= maxChars) break
        drop(oldest)
      }
    },
    clear: () => {
      entries.clear()
      chars = 0
    },
    size: () => entries.size
  }
}
