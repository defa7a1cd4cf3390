/**
 * `metrics` and `pool status` at work: the numbers of the running host.
 */
import type { UsageSum } from "@signalbox/model"
import type { MetricsSnapshot, SetNumbers } from "@signalbox/orchestrator"
import type { HostNumbers } from "@signalbox/server/control"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { nameInSet } from "../render/nameInSet.ts"
import type { Style } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { running } from "./runningHost.ts"

const snapshot = Effect.flatMap(running, ({ ask }) => ask((client) => client.watching.metrics())).pipe(Effect.scoped)

const percent = (share: number | null): string => (share === null ? "–" : `${(share * 100).toFixed(1)}%`)

const millis = (value: number | null): string => (value === null ? "–" : `${value.toFixed(value < 10 ? 1 : 0)} ms`)

/** Those of the host itself, then those of its agents. */
const entriesOf = <A>(snapshot: MetricsSnapshot, pick: (numbers: SetNumbers) => Readonly<Record<string, A>>) => [
  ...Object.entries(pick(snapshot)),
  ...Object.entries(snapshot.sets ?? {}).flatMap(([set, numbers]) =>
    Object.entries(pick(numbers)).map(([name, value]) => [nameInSet(set, name), value] as const)
  )
]

const serverTable = (snapshot: MetricsSnapshot, style: Style): string => {
  const header = ["server", "state", "calls", "success", "errors", "p50", "p95", "in flight"].map(style.dim)
  const rows = entriesOf(snapshot, ({ servers }) => servers).map(([name, numbers]) => [
    style.bold(name),
    numbers.state,
    String(numbers.calls),
    percent(numbers.success_rate),
    percent(numbers.window.error_rate),
    millis(numbers.window.p50_ms),
    millis(numbers.window.p95_ms),
    String(numbers.in_flight)
  ])
  return renderTable([header, ...rows])
}

const toolTable = (tools: HostNumbers["built_in_tools"], style: Style): string => {
  const header = ["built-in tool", "calls", "success", "refused", "average"].map(style.dim)
  const rows = Object.entries(tools).map(([name, numbers]) => [
    style.bold(name),
    String(numbers.calls),
    percent(numbers.success_rate),
    String(numbers.refused),
    millis(numbers.average_ms)
  ])
  return renderTable([header, ...rows])
}

const hookTable = (hooks: HostNumbers["hooks"], style: Style): string => {
  const header = ["hooks at", "ok", "refused", "failed", "cancelled", "average"].map(style.dim)
  const rows = Object.entries(hooks).map(([event, { average_ms, cancelled, failed, ok, refused }]) => [
    style.bold(event),
    ...[ok, refused, failed, cancelled].map(String),
    millis(average_ms)
  ])
  return renderTable([header, ...rows])
}

/** By provider, model and client. A cost of which a part is not known has a `+`. */
const modelTable = (models: ReadonlyArray<UsageSum>, style: Style): string => {
  const header = ["provider", "model", "client", "requests", "input", "output", "cost"].map(style.dim)
  const rows = models.map((sum) => [
    style.bold(sum.upstream),
    sum.model,
    sum.principal,
    String(sum.requests),
    String(sum.input_tokens + sum.cache_creation_input_tokens + sum.cache_read_input_tokens),
    String(sum.output_tokens),
    sum.unpriced === sum.requests ? "–" : `$${sum.cost_usd.toFixed(4)}${sum.unpriced > 0 ? "+" : ""}`
  ])
  return renderTable([header, ...rows])
}

const poolTable = (snapshot: MetricsSnapshot, style: Style): string => {
  const entries = entriesOf(snapshot, ({ pools }) => pools)
  if (entries.length === 0)
    return "No connection pool is in use: every server has one connection (see sessions in the configuration)."
  const header = ["pool", "health", "used", "idle", "opening", "waiting", "most"].map(style.dim)
  const rows = entries.map(([name, numbers]) => [
    style.bold(name),
    // Of a pool that nobody has checked there is nothing to say.
    numbers.health === "unknown" ? "–" : numbers.health,
    String(numbers.used),
    String(numbers.idle),
    String(numbers.opening),
    String(numbers.waiting),
    String(numbers.max)
  ])
  return renderTable([header, ...rows])
}

/** All numbers; tables of the servers, and of the models that were asked, for people. */
export const metricsJson = snapshot.pipe(
  report({
    render: (numbers) =>
      Effect.gen(function* () {
        const { line, style } = yield* Output
        const tables = [
          ...(entriesOf(numbers, ({ servers }) => servers).length > 0 ? [serverTable(numbers, style)] : []),
          ...(Object.keys(numbers.built_in_tools).length > 0 ? [toolTable(numbers.built_in_tools, style)] : []),
          ...(Object.keys(numbers.hooks).length > 0 ? [hookTable(numbers.hooks, style)] : []),
          ...(numbers.models.length > 0 ? [modelTable(numbers.models, style)] : [])
        ]
        yield* line(tables.length === 0 ? "There are no servers, and nothing was called yet." : tables.join("\n\n"))
      })
  })
)

/** The text format of Prometheus, as it is. */
export const metricsText = Effect.flatMap(running, ({ ask }) => ask((client) => client.watching.prometheus())).pipe(
  Effect.scoped,
  report({ render: (text) => Effect.flatMap(Output, ({ write }) => write(text)) })
)

/** The pools alone. */
export const poolStatus = snapshot.pipe(
  report({
    render: (numbers) => Effect.flatMap(Output, ({ line, style }) => line(poolTable(numbers, style))),
    json: ({ pools }) => pools
  })
)
