/**
 * Reads fx-mcp's command line and writes it: `parseFlags` for the process, `flagArguments` for tests that start it. Both
 * follow `flagTable`. A flag that makes no sense ends the process with code 2 and a sentence.
 */
import { parseArgs } from "node:util"
import type { FaultText } from "./faultTable.ts"
import { type Flag, type FlagKind, flagTable } from "./flagTable.ts"

type Groups = (typeof flagTable)[keyof typeof flagTable]
type Rows = Groups extends infer G ? (G extends unknown ? { [K in keyof G]: G[K] } : never) : never
type Merge<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never
type Table = Merge<Rows>
type Given<K extends FlagKind> = K extends "switch"
  ? boolean
  : K extends "count"
    ? number
    : K extends "duration"
      ? number | string
      : K extends "texts"
        ? ReadonlyArray<FaultText>
        : string | number | ReadonlyArray<string>
type KindOf<F> = F extends Flag<infer K> ? K : never

/** The flags as options: `{ startupDelay: 400, tools: ["echo", "add"], fault: ["exit:3@call:2"] }`. Durations in milliseconds. */
export type FxMcpFlags = { readonly [K in keyof Table]?: Given<KindOf<Table[K]>> | undefined }

type Parsed<K extends FlagKind> = K extends "switch"
  ? boolean
  : K extends "count" | "duration"
    ? number | undefined
    : K extends "texts"
      ? ReadonlyArray<string>
      : string | undefined

/** The flags as the server reads them. */
export type ParsedFlags = { readonly [K in keyof Table]: Parsed<KindOf<Table[K]>> }

/** A command line that makes no sense; the message says which flag and what is allowed. */
export class FlagError extends Error {}

/** `startupDelay` → `startup-delay`. */
export const flagName = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const rows: ReadonlyArray<readonly [key: string, row: Flag]> = Object.values(flagTable).flatMap((group) =>
  Object.entries(group)
)

/** Reads the arguments after the script's name; throws `FlagError`. */
export const parseFlags = (args: ReadonlyArray<string>): ParsedFlags => {
  const { values } = readArguments(args)
  const parsed = Object.fromEntries(
    rows.map(([key, row]) => {
      const value = values[flagName(key)]
      checkChoice(key, row, value)
      return [key, parseValue(flagName(key), row.kind, value)]
    })
  )
  // Built row by row from the table that the type is made of.
  return parsed as unknown as ParsedFlags
}

/** The arguments that make `parseFlags` read these flags. */
export const flagArguments = (flags: FxMcpFlags): Array<string> => {
  const given: Readonly<Record<string, FxMcpFlags[keyof FxMcpFlags]>> = flags
  return rows.flatMap(([key, row]) => {
    const value = given[key]
    if (value === undefined || value === false) return []
    const name = `--${flagName(key)}`
    if (row.kind === "switch") return [name]
    // With "=", a value that begins with a dash is not taken for a flag.
    if (row.kind === "texts") return [value].flat().map((item) => `${name}=${item}`)
    return [`${name}=${[value].flat().join(",")}`]
  })
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: Object.fromEntries(
        rows.map(([key, row]) => [
          flagName(key),
          { type: row.kind === "switch" ? "boolean" : "string", multiple: row.kind === "texts" } as const
        ])
      )
    })
  } catch (cause) {
    throw new FlagError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** What `parseArgs` gives for one flag. */
type GivenText = string | boolean | ReadonlyArray<string | boolean> | undefined

/** Rows whose VALUE is written `a|b` allow exactly these words. */
const checkChoice = (key: string, row: Flag, value: GivenText): void => {
  if (typeof value !== "string" || !row.value.includes("|") || row.value.startsWith("N|")) return
  const choices = row.value.split("|")
  if (choices.includes(value)) return
  throw new FlagError(`--${flagName(key)}: "${value}" is not ${choices.join(", ").replace(/, (?=[^,]*$)/, " or ")}.`)
}

const parseValue = (name: string, kind: FlagKind, value: GivenText) => {
  switch (kind) {
    case "switch":
      return value === true
    case "texts":
      return Array.isArray(value) ? value : []
    case "text":
      return value
    case "count":
      return typeof value === "string" ? parseCount(name, value) : undefined
    case "duration":
      return typeof value === "string" ? parseDuration(name, value) : undefined
  }
}

const parseCount = (name: string, text: string): number => {
  if (!/^\d+$/.test(text)) throw new FlagError(`--${name} needs a whole number, not "${text}".`)
  return Number(text)
}

const parseDuration = (name: string, text: string): number => {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? []
  if (digits === undefined) throw new FlagError(`--${name} needs a duration such as 400, 400ms or 1.5s, not "${text}".`)
  return Number(digits) * (unit === "m" ? 60_000 : unit === "s" ? 1000 : 1)
}
