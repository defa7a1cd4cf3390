/**
 * A function that makes the value of each key once and remembers it. For keys of which there are few.
 */
export const made = <A>(make: (key: string) => A): ((key: string) => A) => {
  const values = new Map<string, A>()
  return (key) => {
    const known = values.get(key)
    if (known !== undefined) return known
    const value = make(key)
    values.set(key, value)
    return value
  }
}
