/** Names of conversations that are made of others: `trip-2` after `trip`, and `trip-3` after that. */
import { eventLimits } from "./ChatEvent.ts"

/** The number that a name ends with. A year or a date is none: `notes-2026` is followed by `notes-2026-2`. */
const numbered = /^(.+)-([1-9]\d{0,2})$/s

/** The name that follows one; where it is taken, the one that follows it. Use it for whatever comes of a conversation. */
export const nextName = (name: string): string => {
  const [, stem = name, number = "1"] = numbered.exec(name) ?? []
  return `${stem.slice(0, eventLimits.idLength - 12)}-${Number(number) + 1}`
}
