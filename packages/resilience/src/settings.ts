/**
 * The one check of settings that all parts share: a list of conditions, all problems reported at once.
 */
import { Result } from "effect"
import { SettingsInvalid } from "./errors.ts"

/** Whether a value is a whole number of at least so much. */
export const isWhole = (least: number, value: number): boolean => Number.isInteger(value) && value >= least

/** What cannot be meant about some settings: sentences, and whether each is true. */
export type Problems = Readonly<Record<string, boolean>>

/** Problems of a part, named as parts of the whole. */
export const problemsOf = (part: string, problems: Problems): Problems =>
  Object.fromEntries(Object.entries(problems).map(([problem, isTrue]) => [`${part}.${problem}`, isTrue]))

/** Throws `SettingsInvalid` with every sentence whose value is true. */
export const requireSettings = (subject: string, problems: Problems): void => {
  const found = Object.keys(problems).filter((problem) => problems[problem])
  Result.getOrThrow(found.length === 0 ? Result.void : Result.fail(new SettingsInvalid({ subject, problems: found })))
}
