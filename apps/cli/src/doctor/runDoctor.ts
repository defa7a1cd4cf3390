/**
 * `doctor`: looks at the servers of the configuration, repairs what a person agrees to, and looks again.
 */
import type { LoadedConfig } from "@signalbox/host"
import {
  applyRepairs,
  describeRepair,
  diagnose,
  type Diagnosis,
  probeDefaults,
  type Repair
} from "@signalbox/host/doctor"
import { nodeOwner } from "@signalbox/host/node"
import { nearestName } from "@signalbox/model"
import { ServerNotFound } from "@signalbox/orchestrator"
import { Duration, Effect } from "effect"
import { Prompt } from "effect/cli"
import { AllServersDown, InvalidUsage, ServersNeedAttention } from "../errors.ts"
import { Output } from "../Output.ts"
import { counted } from "../render/style.ts"
import { Setting } from "../Setting.ts"
import { configSource, readConfig } from "../withHost.ts"
import { type PlacedFinding, placeFindings } from "./placeFindings.ts"

export interface DoctorOptions {
  readonly names: ReadonlyArray<string>
  readonly fix: boolean
  readonly yes: boolean
}

export interface Report {
  readonly servers: Diagnosis["servers"]
  readonly findings: ReadonlyArray<PlacedFinding>
  /** What was repaired, in words. */
  readonly repaired: ReadonlyArray<string>
}

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox doctor", reason })

const checkNames = Effect.fnUntraced(function* (names: ReadonlyArray<string>, config: LoadedConfig) {
  const { servers } = config.options
  const available = Object.keys(servers)
  for (const name of names) {
    const entry = servers[name]
    if (entry === undefined)
      return yield* new ServerNotFound({ serverName: name, nearest: nearestName(name, available), available })
    if (!entry.enabled) return yield* invalid(`"${name}" is disabled: set "enabled: true" to have it looked at.`)
  }
})

const examine = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const { environment } = yield* Setting
  const config = yield* readConfig()
  yield* checkNames(names, config)
  const { platform } = process
  const found = yield* diagnose(config, {
    environment,
    system: platform === "win32" || platform === "darwin" ? platform : "linux",
    ...(names.length === 0 ? {} : { only: names }),
    concurrency: probeDefaults.concurrency,
    // Each has the time that it has when it is used.
    timeout: Duration.infinity,
    packageTimeout: config.options.runtime.packageTimeout,
    owner: yield* nodeOwner
  })
  return { servers: found.servers, findings: placeFindings(found.findings, config) }
})

const agreed = Effect.fnUntraced(function* (repair: Repair, isSure: boolean) {
  if (isSure) return [repair]
  const question = describeRepair(repair)
  const answer = yield* Prompt.run(Prompt.Confirm({ message: `Shall I ${question}?`, initial: false })).pipe(
    // Whoever leaves wants nothing changed.
    Effect.catchTag("QuitError", () => Effect.succeed(false))
  )
  return answer ? [repair] : []
})

/** Somebody has to agree to each repair, unless all were agreed to beforehand. */
const checkAnswers = Effect.fnUntraced(function* ({ fix, yes }: DoctorOptions) {
  const { isTerminal } = yield* Setting
  const { isJson } = yield* Output
  if (fix && !yes && (isJson || !isTerminal.stdin || !isTerminal.stdout))
    return yield* invalid("--fix asks before each step, and nobody can answer here. Use --fix --yes.")
})

/** A line for a person who waits. */
const tell = (text: string) =>
  Effect.flatMap(Setting, ({ isTerminal }) =>
    isTerminal.stderr ? Effect.flatMap(Output, ({ status }) => status(text)) : Effect.void
  )

/** The servers that are left to be looked at: not those that are disabled now. */
const stillWanted = (names: ReadonlyArray<string>, repairs: ReadonlyArray<Repair>) => {
  const isGone = (name: string) =>
    repairs.some((repair) => repair._tag === "DisableServer" && repair.serverName === name)
  return names.filter((name) => !isGone(name))
}

export const runDoctor = Effect.fnUntraced(function* (options: DoctorOptions) {
  const { fix, names, yes } = options
  yield* checkAnswers(options)
  yield* tell("… looking at the servers")
  const first = yield* examine(names)
  const proposed = fix ? first.findings.flatMap(({ repair }) => repair ?? []) : []
  const repairs = (yield* Effect.forEach(proposed, (repair) => agreed(repair, yes))).flat()
  if (repairs.length === 0) return { ...first, repaired: [] } satisfies Report
  yield* applyRepairs(yield* configSource(), repairs)
  yield* tell(`… looking again, after ${counted(repairs.length, "repair")}`)
  const left = stillWanted(names, repairs)
  const second = names.length > 0 && left.length === 0 ? { servers: [], findings: [] } : yield* examine(left)
  return { ...second, repaired: repairs.map(describeRepair) } satisfies Report
})

/** What is wrong as a whole: it decides the exit code. */
export const shortfallOf = ({ findings, servers }: Report) => {
  const wrong = findings.filter(({ severity }) => severity !== "note")
  const broken = new Set(wrong.filter(({ severity }) => severity === "error").map(({ serverName }) => serverName))
  const serverNames = [...new Set(wrong.map(({ serverName }) => serverName))]
  if (wrong.length === 0) return undefined
  return servers.every(({ name }) => broken.has(name))
    ? new AllServersDown({ serverNames, total: servers.length })
    : new ServersNeedAttention({ serverNames, findings: wrong.length })
}
