/**
 * Dates as people write them: `2026-05-03`, "tomorrow", "next Friday", "3 May", "in two weeks", "at 15:30".
 * All in UTC, counted from the moment of the request.
 */
import { DateTime } from "effect"
import { numberOf } from "./literals.ts"

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
const months = "january february march april may june july august september october november december".split(" ")
const monthPattern = months.map((month) => `${month.slice(0, 3)}(?:${month.slice(3)})?`).join("|")

const isoDay = (moment: DateTime.Utc): string => DateTime.formatIso(moment).slice(0, 10)

const two = (value: number): string => String(value).padStart(2, "0")

const fromParts = (now: DateTime.Utc, day: number, monthName: string, year: string | undefined): string | undefined => {
  const month = months.findIndex((name) => name.startsWith(monthName.toLowerCase().slice(0, 3))) + 1
  if (month === 0 || day < 1 || day > 31) return undefined
  const today = isoDay(now)
  const dayOf = (each: number) => `${each}-${two(month)}-${two(day)}`
  if (year !== undefined) return dayOf(Number(year))
  const thisYear = Number(today.slice(0, 4))
  // Without a year, the next such day is meant.
  return dayOf(thisYear) >= today ? dayOf(thisYear) : dayOf(thisYear + 1)
}

const nearDays: ReadonlyArray<readonly [RegExp, number]> = [
  [/\bday after tomorrow\b/i, 2],
  [/\btomorrow\b/i, 1],
  [/\byesterday\b/i, -1],
  [/\b(?:today|tonight)\b/i, 0]
]

/** The number in "a week", "two weeks", "3 weeks". */
const amountOf = (word: string): number | undefined => numberOf(word.toLowerCase() === "a" ? "1" : word)

/** "in two weeks", "3 days ago": how many days from now. */
const spanOfDays = (text: string): number | undefined => {
  const span = /\bin (\w+) (day|week)s?\b/i.exec(text) ?? /\b(\w+) (day|week)s? (?:from now|ago)\b/i.exec(text)
  if (span === null) return undefined
  const [whole, amount = "", unit = ""] = span
  const count = amountOf(amount)
  if (count === undefined || count >= 10_000) return undefined
  return count * (unit.toLowerCase() === "week" ? 7 : 1) * (/ago$/i.test(whole) ? -1 : 1)
}

const weekdayPattern = new RegExp(`\\b(?:(next|last) )?(${weekdays.join("|")})\\b`, "i")

/** "Friday", "last Monday": how many days from now. Never today: that would be called today. */
const daysToWeekday = (text: string, now: DateTime.Utc): number | undefined => {
  const match = weekdayPattern.exec(text)
  if (match === null) return undefined
  const [, which, day = ""] = match
  const distance = (weekdays.indexOf(day.toLowerCase()) - DateTime.getPartUtc(now, "weekDay") + 7) % 7
  const ahead = distance === 0 ? 7 : distance
  return which?.toLowerCase() === "last" ? distance - 7 : ahead
}

const relativeDay = (text: string, now: DateTime.Utc): string | undefined => {
  const days = nearDays.find(([pattern]) => pattern.test(text))?.[1] ?? spanOfDays(text) ?? daysToWeekday(text, now)
  return days === undefined ? undefined : isoDay(DateTime.add(now, { days }))
}

const dayIn = (text: string, now: DateTime.Utc): string | undefined => {
  const iso = /\b\d{4}-\d{2}-\d{2}\b/.exec(text)
  if (iso !== null) return iso[0]
  const dayFirst = new RegExp(
    `\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (${monthPattern})\\b\\.?,?(?: (\\d{4}))?`,
    "i"
  ).exec(text)
  if (dayFirst !== null) return fromParts(now, Number(dayFirst[1]), dayFirst[2] ?? "", dayFirst[3])
  const monthFirst = new RegExp(`\\b(${monthPattern})\\.? (\\d{1,2})(?:st|nd|rd|th)?\\b,?(?: (\\d{4}))?`, "i").exec(
    text
  )
  if (monthFirst !== null) return fromParts(now, Number(monthFirst[2]), monthFirst[1] ?? "", monthFirst[3])
  return relativeDay(text, now)
}

const timeIn = (text: string): string | undefined => {
  const clock = /\b(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?\b/i.exec(text) ?? /\b(\d{1,2})()()\s*(am|pm)\b/i.exec(text)
  if (clock === null) return undefined
  const half = clock[4]?.toLowerCase()
  const hour = (Number(clock[1]) % (half === undefined ? 24 : 12)) + (half === "pm" ? 12 : 0)
  return [String(hour), clock[2] === "" ? "00" : (clock[2] ?? "00"), clock[3] ?? "00"]
    .map((part) => part.padStart(2, "0"))
    .join(":")
}

/** The date that a text names, as `YYYY-MM-DD`; with `withTime` as a full UTC timestamp. Nothing where it names none. */
export const dateIn = (text: string, now: DateTime.Utc, withTime: boolean): string | undefined => {
  const exact = /\b\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?/.exec(text)
  if (exact !== null) return withTime ? exact[0] : exact[0].slice(0, 10)
  const day = dayIn(text, now)
  if (day === undefined || !withTime) return day
  return `${day}T${timeIn(text) ?? "00:00:00"}Z`
}
