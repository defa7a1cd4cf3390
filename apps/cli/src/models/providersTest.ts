/**
 * Whether providers answer: each is asked one short question, all at the same time; the doctor says what is to be done
 * about those that do not. A host that runs may have left one alone meanwhile, and knows why.
 */
import { toJson } from "@signalbox/errors"
import type { Upstream } from "@signalbox/host"
import { diagnoseProviders, providerDefaults } from "@signalbox/host/doctor"
import { CallerPatience, nearestName, textMessage } from "@signalbox/model"
import type { CircuitNumbers } from "@signalbox/orchestrator"
import { Cause, Duration, Effect, Exit } from "effect"
import { placeFindings } from "../doctor/placeFindings.ts"
import { findingJson } from "../doctor/renderDoctor.ts"
import { findRunning } from "../control/runningHost.ts"
import { formatDuration } from "../duration.ts"
import { ProviderKeysFailed, ProvidersFailed, ProviderUnknown } from "../errors.ts"
import { Output } from "../Output.ts"
import { circuitFailure } from "../render/circuitFailure.ts"
import { printable } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { Setting } from "../Setting.ts"
import { readProviders } from "./readModels.ts"

const question = {
  model: "",
  system: [],
  messages: [textMessage("user", "Say OK.")],
  tools: [],
  maxTokens: 16
}

/** The code of a provider that takes no key of ours. */
const keyRefused = "PROVIDER_AUTH_FAILED"

/** Who is told to come again later has the answer that was asked for. */
const ask = ({ service }: Upstream) =>
  Effect.provideService(service.generate(question), CallerPatience, Duration.seconds(2))

/** The circuits of the host that runs, if there is one; what is wrong with that is no matter of this. */
const hostCircuits = Effect.flatMap(findRunning, (found) =>
  found === undefined ? Effect.succeed({}) : found.ask(({ breakers }) => breakers.list())
).pipe(
  Effect.scoped,
  Effect.orElseSucceed((): Readonly<Record<string, CircuitNumbers>> => ({}))
)

/** What the host that runs knows of a provider that it does not ask. */
const circuitOf = (circuits: Readonly<Record<string, CircuitNumbers>>, name: string) => {
  const found = circuits[`provider:${name}`]
  return found === undefined || found.phase === "closed"
    ? null
    : { phase: found.phase, last_failure: found.last_failure }
}

const circuitWords = (circuit: ReturnType<typeof circuitOf>): string => {
  if (circuit === null) return ""
  const failure = circuitFailure(circuit)
  return `  The circuit of the running host is ${circuit.phase}${failure === undefined ? "" : `: ${failure}`}`
}

/** Asks those that are named, else all that have a key or are in use without one. */
export const providersTest = (names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { environment } = yield* Setting
    const { config, lacking, models } = yield* readProviders
    const known = Object.keys(config.options.providers)
    /** One that wants no key and has no model of its own is there in case that somebody runs it. */
    const isWorthAsking = (name: string) => {
      const upstream = models.upstreams.get(name)
      if (upstream === undefined) return false
      return upstream.apiKey !== undefined || upstream.defaultModel !== "" || models.chosen.upstream === name
    }
    const unknown = names.find((name) => !known.includes(name))
    if (unknown !== undefined) {
      const nearest = nearestName(unknown, known)
      return yield* new ProviderUnknown({ name: unknown, known, ...(nearest === undefined ? {} : { nearest }) })
    }
    const asked = names.length > 0 ? names : known.filter((name) => isWorthAsking(name) || name === lacking)
    const circuits = yield* hostCircuits
    const test = Effect.fnUntraced(function* (name: string) {
      const circuit = circuitOf(circuits, name)
      const upstream = models.upstreams.get(name)
      if (upstream === undefined)
        return { name, status: "no key" as const, model: "", duration_ms: 0, error: null, circuit }
      const [took, exit] = yield* Effect.timed(Effect.exit(ask(upstream)))
      const duration_ms = Math.round(Duration.toMillis(took))
      if (Exit.isSuccess(exit)) {
        return { name, status: "ok" as const, model: exit.value.model, duration_ms, error: null, circuit }
      }
      const error = toJson(Cause.squash(exit.cause))
      return { name, status: "failed" as const, model: upstream.defaultModel, duration_ms, error, circuit }
    })
    const providers = yield* Effect.forEach(asked, test, { concurrency: "unbounded" })
    const failed = providers.filter(({ status }) => status !== "ok").map(({ name }) => name)
    const { findings } = yield* diagnoseProviders(config, { ...providerDefaults, environment, only: failed })
    return { providers, findings: placeFindings(findings, config) }
  }).pipe(
    report({
      json: ({ findings, providers }) => ({ providers, findings: findings.map(findingJson) }),
      render: ({ findings, providers }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          const rows = providers.map(({ circuit, duration_ms, error, model, name, status }) => [
            status === "ok" ? style.green("✓") : style.red("✗"),
            style.bold(name),
            status === "ok" ? formatDuration(Duration.millis(duration_ms)) : status,
            `${error === null ? model : `${error.error_code}: ${printable(error.message)}`}${circuitWords(circuit)}`
          ])
          yield* line(rows.length === 0 ? "No provider has a key." : renderTable(rows))
          for (const { fix, providerName } of findings)
            yield* line(`${style.dim("→")} ${providerName}: ${printable(fix)}`)
        }),
      shortfall: ({ providers }) => {
        const failed = providers.filter(({ status }) => status !== "ok")
        if (failed.length === 0) return undefined
        const facts = { names: failed.map(({ name }) => name), total: providers.length }
        const isAllKeys = failed.every(({ error }) => error === null || error.error_code === keyRefused)
        return isAllKeys ? new ProviderKeysFailed(facts) : new ProvidersFailed(facts)
      }
    })
  )
