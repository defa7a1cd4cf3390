/**
 * A server of an agent as people read it: behind the name of its agent. No name of a server has a slash.
 */

/** What is shown for a server; without a set its name alone. */
export const nameInSet = (set: string | undefined, name: string): string =>
  set === undefined ? name : `${set}/${name}`

/** Whether a shown name is that of a server of an agent. */
export const isInSet = (shown: string): boolean => shown.includes("/")
