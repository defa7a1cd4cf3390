/**
 * `-o=true` in `tools call`: an argument of the tool, whose name begins with a dash, and no flag of the program.
 */

/** Short flags that the command has itself. */
const ownFlags: ReadonlySet<string> = new Set(["c", "h", "v", "y"])

const isArgument = (word: string): boolean => {
  const [, letter] = /^-([A-Za-z])[\w.-]*=/.exec(word) ?? []
  return letter !== undefined && !ownFlags.has(letter)
}

/** The same words with such arguments behind `--`, where nothing is taken for a flag. */
export const withDashedArguments = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = args.indexOf("--")
  const before = end === -1 ? args : args.slice(0, end)
  const behind = end === -1 ? [] : args.slice(end + 1)
  const at = before.findIndex((word, index) => word === "tools" && before[index + 1] === "call")
  const moves = (word: string, index: number): boolean => at !== -1 && index > at && isArgument(word)
  const moved = before.filter(moves)
  if (moved.length === 0) return args
  return [...before.filter((word, index) => !moves(word, index)), "--", ...behind, ...moved]
}
