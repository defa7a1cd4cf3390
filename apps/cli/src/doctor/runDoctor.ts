/**
 * `doctor`: looks at the servers and providers of the configuration, repairs what a person agrees to, and looks again.
 */
import type { LoadedConfig } from "@signalbox/host"
import {
  applyRepairs,
  describeRepair,
  diagnose,
  diagnoseHistory,
  diagnoseHooks,
  diagnoseProviders,
  diagnoseSandbox,
  type Diagnosis,
  type Finding,
  type HistoryDiagnosis,
  probeDefaults,
  type ProviderDiagnosis,
  providerDefaults,
  type ProviderFinding,
  type Repair,
  type SandboxDiagnosis
} from "@signalbox/host/doctor"
import { nodeOwner } from "@signalbox/host/node"
import { nearestName } from "@signalbox/model"
import { ServerNotFound } from "@signalbox/orchestrator"
import { Duration, Effect } from "effect"
import { Prompt } from "effect/cli"
import { AllServersDown, InvalidUsage, ProviderUnknown, ServersNeedAttention } from "../errors.ts"
import { Output } from "../Output.ts"
import { counted } from "../render/style.ts"
import { Setting } from "../Setting.ts"
import { configSource, readConfig } from "../withHost.ts"
import { type Placed, placeFindings } from "./placeFindings.ts"

export interface DoctorOptions {
  readonly names: ReadonlyArray<string>
  readonly fix: boolean
  readonly yes: boolean
}

export interface Report {
  readonly servers: Diagnosis["servers"]
  readonly findings: ReadonlyArray<Placed<Finding>>
  readonly providers: ProviderDiagnosis["providers"]
  readonly providerFindings: ReadonlyArray<Placed<ProviderFinding>>
  /** What commands of the built-in tools run in; `Off` also where others were named to be looked at. */
  readonly sandbox: SandboxDiagnosis["state"]
  /** The database of conversations; nothing where there is none, or others were named to be looked at. */
  readonly database: HistoryDiagnosis["database"]
  /** What was repaired, in words. */
  readonly repaired: ReadonlyArray<string>
}

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox doctor", reason })

/** What the names on the command line stand for; a name may be both. */
const namesIn = Effect.fnUntraced(function* (names: ReadonlyArray<string>, config: LoadedConfig) {
  const { providers, servers } = config.options
  const available = Object.keys(servers)
  const known = Object.keys(providers)
  for (const name of names) {
    if (!available.includes(name) && !known.includes(name)) {
      const nearest = nearestName(name, available)
      const provider = nearest === undefined ? nearestName(name, known) : undefined
      return yield* provider === undefined
        ? new ServerNotFound({ serverName: name, nearest, available })
        : new ProviderUnknown({ name, known, nearest: provider })
    }
    if (providers[name] === undefined && servers[name]?.enabled === false)
      return yield* invalid(`"${name}" is disabled: set "enabled: true" to have it looked at.`)
  }
  if (names.length === 0) return { servers: undefined, providers: undefined }
  return {
    servers: names.filter((name) => servers[name]?.enabled === true),
    providers: names.filter((name) => providers[name] !== undefined)
  }
})

const noSandbox: SandboxDiagnosis = { state: { _tag: "Off" }, findings: [] }
const noDatabase: HistoryDiagnosis = { database: undefined, findings: [] }

/** Looks at those that are named: at none where the list is empty, at all that are wanted without one. */
const examine = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const { environment } = yield* Setting
  const config = yield* readConfig()
  const wanted = yield* namesIn(names, config)
  const { platform } = process
  const [found, asked, boxed, kept, hooks] = yield* Effect.all(
    [
      diagnose(config, {
        environment,
        system: platform === "win32" || platform === "darwin" ? platform : "linux",
        ...(wanted.servers === undefined ? {} : { only: wanted.servers }),
        concurrency: probeDefaults.concurrency,
        // Each has the time that it has when it is used.
        timeout: Duration.infinity,
        packageTimeout: config.options.runtime.packageTimeout,
        owner: yield* nodeOwner
      }),
      diagnoseProviders(config, {
        ...providerDefaults,
        environment,
        ...(wanted.providers === undefined ? {} : { only: wanted.providers })
      }),
      names.length === 0 ? diagnoseSandbox(config) : Effect.succeed(noSandbox),
      names.length === 0 ? diagnoseHistory(config, environment) : Effect.succeed(noDatabase),
      names.length === 0 ? diagnoseHooks(config, environment) : Effect.succeed([])
    ],
    { concurrency: "unbounded" }
  )
  return {
    servers: found.servers,
    findings: placeFindings([...found.findings, ...boxed.findings, ...kept.findings, ...hooks], config),
    sandbox: boxed.state,
    database: kept.database,
    providers: asked.providers,
    providerFindings: placeFindings(asked.findings, config)
  }
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

const nothing = {
  servers: [],
  findings: [],
  providers: [],
  providerFindings: [],
  sandbox: noSandbox.state,
  database: undefined
}

export const runDoctor = Effect.fnUntraced(function* (options: DoctorOptions) {
  const { fix, names, yes } = options
  yield* checkAnswers(options)
  yield* tell("… looking at the servers and providers")
  const first = yield* examine(names)
  const proposed = fix ? first.findings.flatMap(({ repair }) => repair ?? []) : []
  const repairs = (yield* Effect.forEach(proposed, (repair) => agreed(repair, yes))).flat()
  if (repairs.length === 0) return { ...first, repaired: [] } satisfies Report
  yield* applyRepairs(yield* configSource(), repairs)
  yield* tell(`… looking again, after ${counted(repairs.length, "repair")}`)
  const left = stillWanted(names, repairs)
  const second = names.length > 0 && left.length === 0 ? nothing : yield* examine(left)
  return { ...second, repaired: repairs.map(describeRepair) } satisfies Report
})

/** What is wrong as a whole: it decides the exit code. */
export const shortfallOf = ({ findings, providerFindings, servers }: Report) => {
  const wrong = [
    ...findings.map(({ serverName, severity }) => ({ name: serverName, severity, isServer: true })),
    ...providerFindings.map(({ providerName, severity }) => ({ name: providerName, severity, isServer: false }))
  ].filter(({ severity }) => severity !== "note")
  if (wrong.length === 0) return undefined
  const namesOf = (which: boolean) => [
    ...new Set(wrong.flatMap(({ isServer, name }) => (isServer === which ? [name] : [])))
  ]
  const isBroken = (name: string) =>
    wrong.some((found) => found.isServer && found.name === name && found.severity === "error")
  const serverNames = namesOf(true)
  return servers.length > 0 && servers.every(({ name }) => isBroken(name))
    ? new AllServersDown({ serverNames, total: servers.length })
    : new ServersNeedAttention({ serverNames, providerNames: namesOf(false), findings: wrong.length })
}
