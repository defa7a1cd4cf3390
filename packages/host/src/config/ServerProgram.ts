/**
 * Which program a local server is: a command, or a file of one's own and the runtime that runs it; and who brings that
 * runtime in which version. Paths start from the folder of the configuration.
 */
import {
  fileCommand,
  isOneVersion,
  isVersionRange,
  runnerRuntimes,
  runtimeProgram,
  runtimes,
  withRunner
} from "@signalbox/orchestrator"
import { Schema } from "effect"
import { EnvValue } from "./schemas.ts"

/** Versions of a program: `20`, `3.11`, `>=20`, `^20.1`, `>=18 <23`. */
export const VersionRange = Schema.String.check(
  Schema.makeFilter(
    (text) => isVersionRange(text) || 'Expected versions such as ">=20", "3.11", "^20.1" or ">=18 <23", as a text'
  )
)

const Runtime = Schema.Literals(["command", ...runtimes])
const Runner = Schema.Literals(["uv", "fnm", "mise", "volta"])

/** The keys of an entry that say so. */
export const programFields = {
  command: Schema.optionalKey(Schema.NonEmptyString),
  runtime: Schema.optionalKey(Runtime),
  file: Schema.optionalKey(Schema.NonEmptyString),
  runtimeArgs: Schema.optionalKey(Schema.Array(EnvValue)),
  version: Schema.optionalKey(VersionRange),
  runner: Schema.optionalKey(Runner)
}

const Fields = Schema.Struct(programFields)

/** What an entry says of its program. */
export type ServerProgram = typeof Fields.Type

/** The runtime that an entry names; a command alone names none. */
export const runtimeOf = ({ runtime }: ServerProgram) => (runtime === "command" ? undefined : runtime)

const runnersOf = (runtime: (typeof runtimes)[number]): string =>
  Object.entries(runnerRuntimes)
    .flatMap(([name, provided]) => ((provided as ReadonlyArray<string>).includes(runtime) ? [name] : []))
    .join(" or ")

const problemOf = (program: ServerProgram): readonly [key: keyof ServerProgram, issue: string] | undefined => {
  const { command, file, runner, runtimeArgs, version } = program
  const runtime = runtimeOf(program)
  if (command === undefined && file === undefined) return ["command", "Expected a command, or a file and its runtime"]
  if (command !== undefined && file !== undefined) return ["file", "Expected no file beside a command"]
  if (file !== undefined && runtime === undefined)
    return ["runtime", `Expected the runtime of the file: ${runtimes.join(", ")}`]
  if (file === undefined && runtimeArgs !== undefined) return ["runtimeArgs", "Expected them only beside a file"]
  if (version !== undefined && runtime === undefined)
    return ["version", `Expected the runtime that this is a version of: ${runtimes.join(", ")}`]
  if (runner === undefined) return undefined
  if (version === undefined || runtime === undefined)
    return ["version", `Expected the version that ${runner} is to provide`]
  if (!(runnerRuntimes[runner] as ReadonlyArray<string>).includes(runtime))
    return ["runner", `Expected a runner that provides ${runtime}: ${runnersOf(runtime)}`]
  return isOneVersion(version)
    ? undefined
    : ["version", `Expected one version such as 20 or 3.11, as a text: ${runner} provides no range`]
}

/** What must hold between these keys. */
export const programRule = Schema.makeFilter((program: ServerProgram) => {
  const [key, issue] = problemOf(program) ?? []
  return key === undefined || issue === undefined ? undefined : { path: [key], issue }
})

/** The runner of an entry and what it provides, if it has one. */
export const runnerOf = (program: ServerProgram) => {
  const { runner, version } = program
  const runtime = runtimeOf(program)
  return runner === undefined || runtime === undefined || version === undefined
    ? undefined
    : { name: runner, runtime, version }
}

/** Programs that have to be here in a version that will do. A runner brings its own. */
export const requirementsOf = (
  entry: ServerProgram & { readonly requires?: Readonly<Record<string, string>> }
): Readonly<Record<string, string>> => {
  const { requires = {}, runner, version } = entry
  const runtime = runtimeOf(entry)
  return runtime === undefined || version === undefined || runner !== undefined
    ? requires
    : { [runtime]: version, ...requires }
}

/** The words that start the program, before the arguments of the server. Texts are resolved already. */
export const startWords = (program: ServerProgram, isWindows: boolean): readonly [string, ...ReadonlyArray<string>] => {
  const { command = "", file, runtimeArgs = [] } = program
  const runtime = runtimeOf(program)
  const runner = runnerOf(program)
  const started = (name: NonNullable<typeof runtime>) => (runner === undefined ? runtimeProgram(name, isWindows) : name)
  const words: readonly [string, ...ReadonlyArray<string>] =
    file === undefined || runtime === undefined ? [command] : fileCommand(started(runtime), runtime, runtimeArgs, file)
  return runner === undefined ? words : withRunner(runner, words)
}

/** How a server is reached, in the words of its entry. */
export const shownTarget = (
  entry: (ServerProgram & { readonly args: ReadonlyArray<string> }) | { readonly url: string }
): string => ("url" in entry ? entry.url : [...startWords(entry, false), ...entry.args].join(" "))
