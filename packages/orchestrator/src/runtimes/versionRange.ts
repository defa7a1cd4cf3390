/**
 * Versions that a server needs of a program, in the form that most package managers share: `20`, `3.11`, `>=20`,
 * `^20.1`, `~3.11`, and several of them with a blank between, all of which must hold.
 */

type Version = readonly [number, number, number]

const comparator = /^(>=|<=|>|<|=|\^|~)?v?(\d+)(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?$/

interface Comparator {
  readonly operator: string
  readonly version: Version
  /** How many of its numbers are given. */
  readonly given: number
}

const parse = (word: string): Comparator | undefined => {
  const [, operator = "", major, minor, patch] = comparator.exec(word) ?? []
  if (major === undefined) return undefined
  const numbers = [major, minor, patch].map((part) =>
    part === undefined || /[x*]/.test(part) ? undefined : Number(part)
  )
  const given = numbers.findIndex((part) => part === undefined)
  return {
    operator,
    version: [Number(major), numbers[1] ?? 0, numbers[2] ?? 0],
    given: given === -1 ? numbers.length : given
  }
}

const wordsOf = (range: string): ReadonlyArray<string> =>
  range
    .trim()
    .replace(/(>=|<=|>|<|=|\^|~)\s+/g, "$1")
    .split(/\s+/)

/** Whether a text is such a range. */
export const isVersionRange = (text: string): boolean => wordsOf(text).every((word) => parse(word) !== undefined)

const compare = (left: Version, right: Version, count = 3): number => {
  const at = [0, 1, 2].find((index) => index < count && left[index] !== right[index])
  return at === undefined ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
}

/** How many numbers have to stay the same for `^`: up to the first that is not zero (semver 2.0.0, §4 and §8). */
const fixedByCaret = ([major, minor]: Version): number => (major > 0 ? 1 : minor > 0 ? 2 : 3)

const holds = (version: Version, { given, operator, version: wanted }: Comparator): boolean => {
  switch (operator) {
    case ">=":
      return compare(version, wanted) >= 0
    case ">":
      return compare(version, wanted, given) > 0
    case "<":
      return compare(version, wanted) < 0
    case "<=":
      return compare(version, wanted, given) <= 0
    case "^":
      return compare(version, wanted) >= 0 && compare(version, wanted, fixedByCaret(wanted)) === 0
    case "~":
      return compare(version, wanted) >= 0 && compare(version, wanted, Math.min(given, 2)) === 0
    default:
      return compare(version, wanted, given) === 0
  }
}

/** The first version in what a program prints for `--version`. */
export const versionIn = (text: string): string | undefined => /\d+(?:\.\d+){0,2}/.exec(text)?.[0]

/** Whether a version is in a range; false for what is none. */
export const isInRange = (version: string, range: string): boolean => {
  const [major, minor = 0, patch = 0] = version.split(".").map(Number)
  if (major === undefined || !Number.isInteger(major)) return false
  return wordsOf(range).every((word) => {
    const wanted = parse(word)
    return wanted !== undefined && holds([major, minor, patch], wanted)
  })
}
