/**
 * Commands in a sandbox, where the options want one and the system has one. What is found out is found out once, when it
 * is first needed: by running something in it.
 */
import { Effect, FileSystem, type Path, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { SandboxUnavailable } from "../errors.ts"
import type { DirectFiles } from "../paths/DirectFiles.ts"
import { makePathPolicy, type PathPolicy } from "../paths/PathPolicy.ts"
import type { ToolsOptions } from "../ToolsOptions.ts"
import { bubblewrap, type Enclose, namespaces, type Program } from "./enclosures.ts"
import { setupMark } from "./sandboxSetup.ts"
import { makeSandboxView } from "./SandboxView.ts"

/** What commands run in. */
export type SandboxState =
  /** None is wanted. */
  | { readonly _tag: "Off" }
  | { readonly _tag: "On"; readonly by: "bubblewrap" | "namespaces"; readonly hasNetwork: boolean }
  /** One is wanted, and there is none. */
  | { readonly _tag: "Missing"; readonly reason: string; readonly isRequired: boolean }

/** Where commands run. */
export interface Sandbox {
  readonly state: Effect.Effect<SandboxState>
  /** The program as it is to be started. */
  readonly enclose: (program: Program) => Effect.Effect<Program, SandboxUnavailable>
}

/** In words, for a person: `in a sandbox (bubblewrap, no network)`. Nothing where none is wanted. */
export const describeSandbox = (state: SandboxState): string | undefined => {
  if (state._tag === "Off") return undefined
  if (state._tag === "Missing") return "without a sandbox: none is possible here"
  return `in a sandbox (${state.by}, ${state.hasNetwork ? "with network" : "no network"})`
}

interface Way {
  readonly by: "bubblewrap" | "namespaces"
  readonly enclose: Enclose
}

/** Never by PATH: what stands in a project must not be its own sandbox. */
const bubblewrapPlaces = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap", "/run/current-system/sw/bin/bwrap"]
const unsharePlaces = ["/usr/bin/unshare", "/bin/unshare", "/run/current-system/sw/bin/unshare"]

/** A way that has not answered by then is none. */
const patience = "10 seconds"

type Requirements = ChildProcessSpawner.ChildProcessSpawner | DirectFiles | FileSystem.FileSystem | Path.Path

/** Runs a program to its end; what it said where that is no success. */
const problemOf = Effect.fnUntraced(function* ({ args, command }: Program, cwd: string) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  return yield* Effect.gen(function* () {
    const child = yield* spawner.spawn(
      ChildProcess.make(command, [...args], {
        cwd,
        env: {},
        extendEnv: false,
        stdin: "ignore",
        forceKillAfter: "100 millis"
      })
    )
    const said = yield* Stream.mkString(Stream.decodeText(child.stderr))
    const code = yield* child.exitCode
    if (Number(code) === 0) return undefined
    // What failed says more than that something did.
    const lines = said.split("\n").filter((line) => line.trim() !== "" && !line.startsWith(setupMark))
    return lines.at(-1) ?? `exit code ${code}`
  }).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed("it does not answer") }),
    Effect.catch(({ message }) => Effect.succeed(message))
  )
})

/** The sandbox of these options. */
export const makeSandbox = Effect.fnUntraced(function* (
  { commands, paths }: Pick<ToolsOptions, "commands" | "paths">,
  policy: PathPolicy
): Effect.fn.Return<Sandbox, never, Requirements> {
  const services = yield* Effect.context<Requirements>()
  const fs = yield* FileSystem.FileSystem
  const { sandbox: mode, sandboxNetwork: hasNetwork, shell } = commands
  const plain: Sandbox = { state: Effect.succeed({ _tag: "Off" }), enclose: Effect.succeed }
  if (mode === "off") return plain

  const view = Effect.provideContext(makeSandboxView(paths, policy), services)
  const firstOf = (places: ReadonlyArray<string>) =>
    Effect.findFirst(places, (place) => Effect.orElseSucceed(fs.exists(place), () => false))

  const ways = Effect.gen(function* () {
    const bwrap = yield* firstOf(bubblewrapPlaces)
    const unshare = yield* firstOf(unsharePlaces)
    const found: Array<Way> = []
    if (bwrap._tag === "Some") found.push({ by: "bubblewrap", enclose: bubblewrap(bwrap.value) })
    if (unshare._tag === "Some") found.push({ by: "namespaces", enclose: namespaces(unshare.value, shell) })
    return found
  })

  const find = Effect.gen(function* () {
    const seen = yield* view
    if ("problem" in seen) return { reason: seen.problem }
    const problems: Array<string> = []
    for (const way of yield* ways) {
      const tried = way.enclose(seen, hasNetwork, { command: shell, args: ["--noprofile", "--norc", "-c", ":"] })
      const problem = yield* Effect.provideContext(problemOf(tried, seen.cwd), services)
      if (problem === undefined) return way
      problems.push(`${way.by}: ${problem}`)
    }
    return { reason: problems.length === 0 ? "neither bubblewrap nor unshare is installed" : problems.join("; ") }
  }).pipe(Effect.tap((found) => ("reason" in found && mode === "auto" ? warn(found.reason) : Effect.void)))
  const found = yield* Effect.cached(find)

  return {
    state: Effect.map(found, (way): SandboxState =>
      "reason" in way
        ? { _tag: "Missing", reason: way.reason, isRequired: mode === "required" }
        : { _tag: "On", by: way.by, hasNetwork }
    ),
    enclose: Effect.fnUntraced(function* (program) {
      const way = yield* found
      if ("reason" in way) return mode === "auto" ? program : yield* new SandboxUnavailable({ reason: way.reason })
      // Anew for each command: there may be files now that it must not see.
      const seen = yield* view
      if ("problem" in seen) return yield* new SandboxUnavailable({ reason: seen.problem })
      return way.enclose(seen, hasNetwork, program)
    })
  }
})

/** What commands of these options run in, for whoever wants to know before one does. */
export const findSandbox = Effect.fn("findSandbox")(function* (options: Pick<ToolsOptions, "commands" | "paths">) {
  const { state } = yield* makeSandbox(options, yield* makePathPolicy(options.paths))
  return yield* state
})

const warn = (reason: string): Effect.Effect<void> =>
  Effect.logWarning("Commands run without a sandbox (tools.commands.sandbox is auto): none is possible here", {
    reason
  })
