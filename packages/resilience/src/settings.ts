/**
 * The one check of settings that all parts share: a list of conditions, all problems reported at once.
 */
import { Result } from "effect"
import { SettingsInvalid } from "./errors.ts"

/** Whether a value is a whole number of at least so much. */
export const isWhole = (least: number, value: number): boolean => Number.isInteger(value) && value >= least

/** Throws `SettingsInvalid` with every sentence whose value is true. */
export const requireSettings = (subject: string, problems: Readonly<Record<string, boolean>>): void => {
  const found = Object.keys(problems).filter((problem) => problems[problem])
  Result.getOrThrow(found.length === 0 ? Result.void : Result.fail(new SettingsInvalid({ subject, problems: found })))
}
