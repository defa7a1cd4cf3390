/**
 * What a turn is doing at the moment: told on a line below everything else, which leaves no trace, and summed up in one line
 * at the end. Only where answers and news share a terminal.
 */
import type { TurnEvent, TurnResult } from "@signalbox/conversation"
import type { ToolUseBlock, UsageLedger } from "@signalbox/model"
import { Clock, Duration, Effect, type Scope } from "effect"
import { formatDuration } from "../duration.ts"
import { Output } from "../Output.ts"
import { oneLine, printable } from "../render/style.ts"
import { Setting } from "../Setting.ts"
import { tokenCount } from "../render/tokenCount.ts"

/** What goes on. */
export interface Work {
  /** What runs while no tool does. */
  readonly standard: string
  /** What runs beside the model, by the ids of the calls. */
  readonly tools: ReadonlyMap<string, string>
  /** Tokens of the steps that are over. */
  readonly input: number
  readonly output: number
  /** Characters of the answer that comes. */
  readonly characters: number
}

export const noWork: Work = { standard: "the model", tools: new Map(), input: 0, output: 0, characters: 0 }

/** Letters of a token in most languages; until the provider has counted, it is an estimate. */
const charactersPerToken = 4

const nameOf = ({ name, runBy }: ToolUseBlock): string =>
  printable(`${name}${runBy?._tag === "Host" ? ` of ${runBy.source}` : ""}`)

const withTool = (work: Work, { id }: ToolUseBlock, what: string): Work => ({
  ...work,
  tools: new Map([...work.tools, [id, what]])
})

const lengthOf = (event: Extract<TurnEvent, { type: "model" }>["event"]): number => {
  if (event.type !== "content_block_delta") return 0
  const { delta } = event
  if (delta.type === "text_delta") return delta.text.length
  if (delta.type === "thinking_delta") return delta.thinking.length
  return delta.type === "input_json_delta" ? delta.partial_json.length : 0
}

/** The work after an event. */
export const followWork = (work: Work, event: TurnEvent): Work => {
  switch (event.type) {
    case "model":
      return { ...work, characters: work.characters + lengthOf(event.event) }
    case "step_end": {
      const { input_tokens: input, output_tokens: output } = event.summary.usage
      return { ...work, input: work.input + input, output: work.output + output, characters: 0 }
    }
    case "tool_asked":
      return withTool(work, event.call, `the approval of ${nameOf(event.call)}`)
    case "tool_start":
      return withTool(work, event.call, nameOf(event.call))
    case "tool_end":
      return { ...work, tools: new Map([...work.tools].filter(([id]) => id !== event.callId)) }
    default:
      return work
  }
}

/** What would be stopped now. */
export const whatRuns = ({ tools }: Work): string =>
  tools.size === 0 ? "the answer of the model" : [...tools.values()].join(", ")

const frames = Array.from("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

const tick = Duration.millis(100)

const workingLine = (work: Work, elapsed: Duration.Duration, frame: string, width: number): string => {
  const tokens = work.output + Math.ceil(work.characters / charactersPerToken)
  const running = work.tools.size === 0 ? work.standard : [...work.tools.values()].join(", ")
  const parts = [running, formatDuration(elapsed), ...(tokens === 0 ? [] : [`${tokenCount(tokens)} tokens`])]
  return oneLine(`${frame} ${parts.join(" · ")}`, width - 1)
}

/** Whether it is: where answers and news share a terminal, and no program reads them. */
export const isWorkShown = Effect.map(
  Effect.all([Output, Setting]),
  ([{ isJson }, { isTerminal }]) => isTerminal.stdout && isTerminal.stderr && !isJson
)

/** Shows the work until the scope ends. */
export const showWork = Effect.fnUntraced(function* (
  work: () => Work
): Effect.fn.Return<void, never, Output | Scope.Scope> {
  const { drawWorking, errorStyle, setWorking, width } = yield* Output
  const begin = yield* Clock.currentTimeMillis
  let now = begin
  let drawn = 0
  setWorking(() =>
    errorStyle.dim(workingLine(work(), Duration.millis(now - begin), frames[drawn % frames.length] ?? "", width))
  )
  yield* Effect.addFinalizer(() => Effect.sync(() => setWorking(undefined)))
  const draw = Effect.gen(function* () {
    yield* Effect.sleep(tick)
    now = yield* Clock.currentTimeMillis
    drawn++
    yield* drawWorking
  })
  yield* Effect.forkScoped(Effect.forever(draw))
})

/** What a turn has cost; nothing where a price is missing, or there is nothing to pay. */
export const costSince = (
  before: Effect.Success<UsageLedger["Service"]["summary"]>,
  after: Effect.Success<UsageLedger["Service"]["summary"]>
): number | undefined => {
  const sum = (all: typeof before, of: (entry: (typeof before)[number]) => number): number =>
    all.reduce((total, entry) => total + of(entry), 0)
  const unpriced = sum(after, (entry) => entry.unpriced) - sum(before, (entry) => entry.unpriced)
  const cost = sum(after, (entry) => entry.cost_usd) - sum(before, (entry) => entry.cost_usd)
  return unpriced > 0 || cost === 0 ? undefined : cost
}

/** `3.2 s · 1,234 tokens in, 56 out · $0.0123`. */
export const summaryLine = (duration: Duration.Duration, { usage }: TurnResult, cost: number | undefined): string => {
  const input = usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0)
  const tokens =
    input + usage.output_tokens === 0 ? [] : [`${tokenCount(input)} tokens in, ${tokenCount(usage.output_tokens)} out`]
  return [formatDuration(duration), ...tokens, ...(cost === undefined ? [] : [`$${cost.toFixed(4)}`])].join(" · ")
}
