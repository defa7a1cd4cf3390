/**
 * What a batch file of a package manager (`npx.cmd`) starts. Windows runs a batch file only through its shell, whose
 * quoting of arguments is not safe and which Node refuses for that reason; so the file is read, not run.
 */

/** A program and the arguments that come before those of the caller. Paths are complete; a mere name stands in `PATH`. */
export interface ShimTarget {
  readonly program: string
  readonly args: ReadonlyArray<string>
}

/** Whether Windows would run the file through its shell. */
export const isBatchFile = (file: string): boolean => /\.(cmd|bat)$/i.test(file)

/**
 * Every program that a shim may start, in its order of preference; empty where the file does more than hand its
 * arguments on. `folder` is that of the file. Understands what npm, pnpm and Yarn write.
 */
export const readShim = (text: string, folder: string): ReadonlyArray<ShimTarget> => {
  const lines = text.split(/\r?\n/).map((line) => line.trim().replace(/^@/, ""))
  const variables = variablesOf(lines, folder)
  return lines.flatMap((line) => {
    const words = invocation(line)
    if (words === undefined) return []
    const [programs = [], ...rest] = words.map((word) => expand(word, variables).map(tidy))
    const args = rest.flatMap(([first]) => (first === undefined ? [] : [first]))
    return args.length === rest.length ? programs.map((program) => ({ program, args })) : []
  })
}

type Variables = ReadonlyMap<string, ReadonlyArray<string>>

/** All values that a variable is given, whichever branch gives them. The folder ends with a separator, as `%~dp0` does. */
const variablesOf = (lines: ReadonlyArray<string>, folder: string): Variables => {
  const known = new Map<string, ReadonlyArray<string>>([["~DP0", [folder.endsWith("\\") ? folder : `${folder}\\`]]])
  for (const line of lines) {
    const assigned = assignment(line)
    if (assigned === undefined) continue
    known.set(assigned.name, [...(known.get(assigned.name) ?? []), ...expand(assigned.value, known)])
  }
  return known
}

/** `SET name=value`, with or without quotes around both. Names count without regard to case. */
const assignment = (line: string): { readonly name: string; readonly value: string } | undefined => {
  const found = /^SET\s+(?:"(\w+)=([^"]*)"|(\w+)=(.*))$/i.exec(line)
  if (found === null) return undefined
  const [name = "", value = ""] = found.slice(1).filter((part) => part !== undefined)
  return { name: name.toUpperCase(), value }
}

/** The words of a command that hands all arguments on, without those. */
const invocation = (line: string): ReadonlyArray<string> | undefined => {
  const command = /\s%\*$/.test(line) ? lastCommand(line.slice(0, -2)) : ""
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "")
  return words.length === 0 ? undefined : words
}

/** Commands on a line are joined by `&`, `&&` and `||`; inside quotes these mean nothing. */
const lastCommand = (line: string): string => {
  const marks = [...line.matchAll(/"[^"]*"|&&?|\|\|/g)].filter(([mark]) => !mark.startsWith('"'))
  const last = marks.at(-1)
  return last === undefined ? line : line.slice(last.index + last[0].length)
}

/** All values of a text with variables in it; none where one is unknown. `%~dp0` has no second percent sign. */
const expand = (text: string, variables: Variables): ReadonlyArray<string> => {
  const [found, name] = /%(~dp0|\w+(?=%))%?/i.exec(text) ?? []
  if (found === undefined || name === undefined) return text.includes("%") ? [] : [text]
  return (variables.get(name.toUpperCase()) ?? []).flatMap((value) =>
    expand(
      text.replace(found, () => value),
      variables
    )
  )
}

/** A folder that ends with a separator and a path that begins with one leave two; at the beginning two are meant. */
const tidy = (text: string): string => text.replace(/(?<=.)\\{2,}/g, "\\")
