/**
 * The values of a foreign file with the lines on which they stand: TOML, JSON with or without comments, YAML. A file
 * may be large (some programs keep their history in it), so JSON is parsed as such, and lines are counted when needed.
 */
import { Result } from "effect"
import { parse as parseToml, TomlError } from "smol-toml"
import type { ConfigProblem } from "../../errors.ts"
import { type ConfigDocument, readDocument } from "../document.ts"

const isToml = (file: string, text: string): boolean => /\.toml$/i.test(file) || /^\s*\[mcp_servers[.\]]/m.test(text)

const plain = (line: string): string => line.replace(/["'\s]/g, "")

/** TOML has no positions after parsing: the line of a table is that of its header. */
const lineInToml = (text: string, path: ReadonlyArray<PropertyKey>): number => {
  const lines = text.split(/\r?\n/)
  const header = lines.findIndex((line) => plain(line).startsWith(`[${path.slice(0, 2).map(String).join(".")}]`))
  const key = path[2]
  if (header === -1 || key === undefined) return header + 1
  const below = lines.slice(header + 1).findIndex((line) => plain(line).startsWith(`${String(key)}=`))
  return below === -1 ? header + 1 : header + below + 2
}

const problemOf = (error: unknown): ConfigProblem => ({
  path: "",
  line: error instanceof TomlError ? error.line : 1,
  // The first line says what is wrong, the others show the place.
  message: String(error instanceof Error ? error.message : error).split("\n")[0] ?? ""
})

const readToml = (text: string): ConfigDocument => {
  const parsed = Result.try(() => parseToml(text))
  return {
    value: Result.isSuccess(parsed) ? parsed.success : undefined,
    problems: Result.isSuccess(parsed) ? [] : [problemOf(parsed.failure)],
    lineOf: (path) => lineInToml(text, path)
  }
}

/** Comments of JSON as blanks, so that everything else stays where it is. */
const withoutComments = (text: string): string =>
  text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, " ")
  )

const parseJson = (text: string): Result.Result<unknown, unknown> => Result.try((): unknown => JSON.parse(text))

const readJson = (text: string): ConfigDocument => {
  const bare = withoutComments(text)
  const parsed = Result.orElse(parseJson(text), () => parseJson(bare))
  let document: ConfigDocument | undefined
  // As YAML it may also have commas at the end of a list.
  const whole = () => (document ??= readDocument(bare))
  if (Result.isFailure(parsed)) return whole()
  return { value: parsed.success, problems: [], lineOf: (path) => whole().lineOf(path) }
}

/** Reads a file of any of these kinds. Never throws: what cannot be parsed is told in `problems`. */
export const readForeign = (file: string, content: string): ConfigDocument => {
  const text = content.replace(/^\u{feff}/u, "")
  if (isToml(file, text)) return readToml(text)
  if (!/^\s*(\/[/*]|\{)/.test(text)) return readDocument(text)
  const json = readJson(text)
  // A YAML file may begin with a brace, too.
  return json.problems.length > 0 && !/\.jsonc?$/i.test(file) && readDocument(text).problems.length === 0
    ? readDocument(text)
    : json
}
