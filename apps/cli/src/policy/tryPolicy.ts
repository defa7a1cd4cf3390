/**
 * `policy try`: calls of the past, judged by the configuration as it is and by another one.
 */
import { canonicalJson, type JsonObject } from "@signalbox/model"
import { loadConfig, makePolicyTrial, type PastCall, type TrialVerdict } from "@signalbox/host"
import { redactText } from "@signalbox/errors"
import { Effect, Option } from "effect"
import { PolicyChanges } from "../errors.ts"
import { Output } from "../Output.ts"
import { counted, oneLine, printable } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { configSource, readConfig } from "../withHost.ts"
import { type CallSource, pastCalls } from "./pastCalls.ts"

/** What is compared. */
export interface PolicyTrialOptions extends CallSource {
  readonly file: Option.Option<string>
  readonly failOnChange: boolean
}

/** One call, however often it was made. */
interface Compared extends PastCall {
  readonly count: number
  readonly before: TrialVerdict
  readonly after: TrialVerdict
}

const words: Readonly<Record<TrialVerdict["verdict"], string>> = {
  allow: "allowed",
  ask: "asked",
  refuse: "refused",
  absent: "absent"
}

const reasonOf = (verdict: TrialVerdict): string => (verdict.verdict === "allow" ? "" : verdict.reason)
const changeOf = ({ after, before }: Pick<Compared, "after" | "before">): string =>
  before.verdict === after.verdict ? words[after.verdict] : `${words[before.verdict]} → ${words[after.verdict]}`
const isChanged = ({ after, before }: Compared): boolean => after.verdict !== before.verdict

/** The same call once, with how often it was made. */
const distinct = (calls: ReadonlyArray<PastCall>): ReadonlyArray<PastCall & { readonly count: number }> => {
  const known = new Map<string, PastCall & { readonly count: number }>()
  for (const call of calls) {
    const key = `${call.tool} ${canonicalJson(call.input)}`
    known.set(key, { ...call, count: (known.get(key)?.count ?? 0) + 1 })
  }
  return [...known.values()]
}

/** How many calls there are of each kind: those that change first. */
const countsOf = (all: ReadonlyArray<Compared>): ReadonlyArray<Pick<Compared, "after" | "before" | "count">> => {
  const counts = new Map<string, Pick<Compared, "after" | "before" | "count">>()
  for (const { after, before, count } of all.toSorted(
    (one, other) => Number(isChanged(other)) - Number(isChanged(one))
  )) {
    const kind = changeOf({ after, before })
    counts.set(kind, { after, before, count: count + (counts.get(kind)?.count ?? 0) })
  }
  return [...counts.values()]
}

const compare = Effect.fnUntraced(function* (options: PolicyTrialOptions) {
  const calls = distinct(yield* pastCalls(options))
  const present = yield* makePolicyTrial(yield* readConfig([], "preset"))
  const next = Option.isNone(options.file)
    ? present
    : yield* makePolicyTrial(yield* loadConfig({ ...(yield* configSource()), file: options.file.value }))
  return yield* Effect.forEach(calls, (call) =>
    Effect.map(Effect.all([present.judge(call), next.judge(call)]), ([before, after]): Compared => ({
      ...call,
      before,
      after
    }))
  )
})

const total = (all: ReadonlyArray<Compared>): number => all.reduce((sum, { count }) => sum + count, 0)

const shownInput = (input: JsonObject): string => {
  const values = Object.values(input)
  const [only] = values
  return redactText(values.length === 1 && typeof only === "string" ? only : JSON.stringify(input))
}

/** The longest piece of arguments and of a reason that is shown; with `--json` there is all of it. */
const longest = 60

const render = Effect.fnUntraced(function* (all: ReadonlyArray<Compared>, isComparison: boolean) {
  const { columns, line, style } = yield* Output
  const shown = isComparison ? all.filter(isChanged) : all.filter(({ after }) => after.verdict !== "allow")
  const rows = shown.map((one) => [
    style.bold(isComparison ? changeOf(one) : words[one.after.verdict]),
    `${one.count}×`,
    printable(one.tool),
    oneLine(printable(shownInput(one.input)), longest),
    oneLine(printable(redactText(reasonOf(one.after))), longest)
  ])
  if (rows.length > 0) yield* line(renderTable(rows, { columns, paint: style.dim }))
  const counts = countsOf(all).map((kind) => `${kind.count} ${changeOf(kind)}`)
  const changed = isComparison ? `, ${total(all.filter(isChanged))} of them changed` : ""
  yield* line(
    counts.length === 0
      ? "There are no calls to judge: only those of kept conversations are (chat --session NAME), or of a file (--log FILE)."
      : `${counted(total(all), "call")}${changed}: ${counts.join(", ")}`
  )
})

const json = (all: ReadonlyArray<Compared>) => ({
  calls: total(all),
  changed: total(all.filter(isChanged)),
  counts: countsOf(all).map(({ after, before, count }) => ({
    before: before.verdict,
    after: after.verdict,
    calls: count
  })),
  results: all.map(({ after, before, count, input, tool }) => ({ tool, input, count, before, after }))
})

/** The work of `policy try`. Runs nothing. */
export const tryPolicy = (options: PolicyTrialOptions) =>
  compare(options).pipe(
    Effect.scoped,
    report({
      render: (all) => render(all, Option.isSome(options.file)),
      json,
      shortfall: (all) => {
        const changed = total(all.filter(isChanged))
        return options.failOnChange && changed > 0 ? new PolicyChanges({ changed, calls: total(all) }) : undefined
      }
    })
  )
