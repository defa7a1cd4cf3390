/**
 * Which calls somebody means: a tool by its name, and the arguments that matter. `*` stands for any text; everything
 * else is compared as it stands, so whoever allows a folder must know that a path can lead out of it again.
 */
import { canonicalJson, type JsonObject, qualifiedNames, type ToolDefinition } from "@signalbox/model"

/**
 * Calls of a tool. A name with `__` is `<server>__<tool>` and nothing else: a server must not come under the rules of
 * another one by the names that it gives its tools. Others are the name that a tool is shown under, or its own.
 */
export interface CallPattern {
  readonly tool: string
  /** By name of the argument: what its value must look like. Arguments that are not named may be anything. */
  readonly arguments?: Readonly<Record<string, string>>
}

/** What becomes of the calls that a pattern fits. */
export interface ApprovalRule extends CallPattern {
  readonly decision: "allow" | "ask" | "deny"
}

/** Whether a text is what a pattern says. Takes linear time. */
const fits = (pattern: string, text: string): boolean => {
  const [first = "", ...rest] = pattern.split("*")
  if (rest.length === 0) return text === pattern
  const last = rest.pop() ?? ""
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : canonicalJson(value))

const namesFor = (pattern: string, tool: ToolDefinition): ReadonlyArray<string> =>
  pattern.includes("__") ? qualifiedNames(tool) : [tool.name, tool.originalName]

/** Whether a call is one of those that are meant. An argument that is not there fits nothing. */
export const fitsCall = (
  { arguments: wanted = {}, tool: name }: CallPattern,
  tool: ToolDefinition,
  input: JsonObject
) =>
  namesFor(name, tool).some((known) => fits(name, known)) &&
  Object.entries(wanted).every(([key, pattern]) => Object.hasOwn(input, key) && fits(pattern, textOf(input[key])))

const climbs = (text: string): boolean => /(?:^|[\\/])\.\.(?:[\\/]|$)/.test(text)

/**
 * The same for calls that are to be allowed: a path that climbs (`/tmp/../etc`) is in no folder that a pattern could
 * name, and fits only where the pattern climbs itself.
 */
export const allowsCall = (pattern: CallPattern, tool: ToolDefinition, input: JsonObject): boolean =>
  fitsCall(pattern, tool, input) &&
  Object.entries(pattern.arguments ?? {}).every(([key, wanted]) => climbs(wanted) || !climbs(textOf(input[key])))

/** A pattern in one line: `write_file`, or `write_file(path=/tmp/*, mode=*)`. */
export const showPattern = ({ arguments: wanted = {}, tool }: CallPattern): string => {
  const texts = Object.entries(wanted).map(([key, pattern]) => `${key}=${pattern}`)
  return texts.length === 0 ? tool : `${tool}(${texts.join(", ")})`
}

/** Reads such a line; `undefined` where it is none. A comma ends a value only where another `name=` follows it. */
export const readPattern = (text: string): CallPattern | undefined => {
  const [, tool, inner] = /^\s*([^\s(),=]+)\s*(?:\((.*)\))?\s*$/s.exec(text) ?? []
  if (tool === undefined) return undefined
  if (inner === undefined || inner.trim() === "") return { tool }
  const wanted: Array<readonly [string, string]> = []
  for (const part of inner.trim().split(/,\s*(?=[\w.$-]+=)/)) {
    const at = part.indexOf("=")
    if (at < 1) return undefined
    wanted.push([part.slice(0, at), part.slice(at + 1)])
  }
  return { tool, arguments: Object.fromEntries(wanted) }
}
