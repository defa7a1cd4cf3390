/**
 * A turn as it happens: text to stdout as it streams, each tool call with its server, arguments, duration
 * and result to stderr. The two streams share a terminal, so a line is ended before the other begins.
 */
import type { TurnEvent } from "@signalbox/conversation"
import { ApprovalRefused, resultText, type ToolUseBlock } from "@signalbox/model"
import { Effect, Stream } from "effect"
import { formatDuration } from "../duration.ts"
import { Output } from "../Output.ts"
import type { Markdown } from "./markdown/Markdown.ts"
import { oneLine, printable } from "./style.ts"

const sourceOf = (call: ToolUseBlock): string => (call.runBy?._tag === "Host" ? `${call.runBy.source} · ` : "")

/** The name may be one that the model made up. */
const nameOf = (call: ToolUseBlock): string => oneLine(printable(`${sourceOf(call)}${call.name}`), 100)

const renderStart = (call: ToolUseBlock, { errorStyle: style, width }: Output["Service"]): string => {
  const name = nameOf(call)
  const room = Math.max(leastRoom, width - name.length - 3)
  return `${style.cyan("▸")} ${style.bold(name)} ${style.dim(oneLine(printable(JSON.stringify(call.input)), room))}`
}

/** What is shown of arguments and results, however narrow the terminal. */
const leastRoom = 30

type Outcome = Extract<TurnEvent, { type: "tool_end" }>["outcome"]

/** Lines of the renderer; kept apart from writing so that they can be tested by themselves. `started` are ids of calls. */
export const renderEvent = (
  event: TurnEvent,
  output: Output["Service"],
  started: ReadonlySet<string> = new Set()
): string | undefined => {
  const { errorStyle: style, width } = output
  switch (event.type) {
    case "tool_start":
      return renderStart(event.call, output)
    case "tool_progress": {
      const { message, progress, total } = event.progress
      const amount = total === undefined ? String(progress) : `${progress}/${total}`
      return style.dim(`  … ${amount}${message === undefined ? "" : ` ${oneLine(printable(message), width - 20)}`}`)
    }
    case "tool_end":
      return renderEnd(event.outcome, output, started.has(event.outcome.call.id))
    case "notice":
      return `${style.yellow("!")} ${printable(event.text)}`
    default:
      return undefined
  }
}

/** A call that was never shown as started is shown with what it was to do. Who refused it has seen that. */
const renderEnd = (outcome: Outcome, output: Output["Service"], isStarted: boolean): string => {
  const isNews = !isStarted && outcome.status === "refused" && outcome.code !== ApprovalRefused.definition.code
  const end = renderOutcome(outcome, output)
  return isNews ? `${renderStart(outcome.call, output)}\n${end}` : end
}

const renderOutcome = (outcome: Outcome, { errorStyle: style, width }: Output["Service"]): string => {
  const isFine = outcome.status === "ok"
  const mark = isFine ? style.green("✓") : style.red("✗")
  const what = isFine ? "" : (outcome.code ?? outcome.status.replaceAll("_", " "))
  const took = formatDuration(outcome.duration)
  // Calls of one step run at the same time: which one this was must be said.
  const name = nameOf(outcome.call)
  const room = Math.max(leastRoom, width - name.length - took.length - what.length - 6)
  const text = resultText(outcome.result)
  // What the model is told begins with the code, which stands here already.
  const rest = what !== "" && text.startsWith(`${what}: `) ? text.slice(what.length + 2) : text
  const said = style.dim(oneLine(printable(rest), room))
  return [mark, style.bold(name), style.dim(took), ...(what === "" ? [] : [style.red(what)]), said].join(" ")
}

const textOfEvent = (event: TurnEvent): string =>
  event.type === "model" && event.event.type === "content_block_delta" && event.event.delta.type === "text_delta"
    ? event.event.delta.text
    : ""

/** What of an event is part of the answer. */
const wordsOf = (event: TurnEvent, streams: boolean): string => {
  if (streams) return textOfEvent(event)
  return event.type === "step_end" ? event.summary.text : ""
}

/** Whoever is asked whether the call may run is asked before the step ends, and below what was said. */
const beginsCall = (event: TurnEvent): boolean =>
  event.type === "model" && event.event.type === "content_block_start" && event.event.content_block.type === "tool_use"

/** How the text of a turn is printed. */
export interface TextView {
  /** Otherwise the text of each step is printed when the step ends. */
  readonly streams: boolean
  /** Makes Markdown readable; without it text is printed as it comes. */
  readonly markdown?: Markdown
  /** What a call has changed in files. */
  readonly changeOf?: (outcome: Outcome) => Effect.Effect<string | undefined>
}

/** Prints a turn while it runs and hands every event on. */
export const printTurn =
  ({ changeOf = () => Effect.undefined, markdown, streams }: TextView) =>
  <E, R>(events: Stream.Stream<TurnEvent, E, R>): Stream.Stream<TurnEvent, E, R | Output> =>
    Stream.unwrap(
      Effect.map(Output, (output) => {
        let isLineOpen = false
        const started = new Set<string>()
        const write = (text: string) => {
          if (text === "") return Effect.void
          isLineOpen = !text.endsWith("\n")
          return output.write(text)
        }
        const endLine = Effect.suspend(() =>
          Effect.andThen(
            write(markdown?.end() ?? ""),
            Effect.suspend(() => write(isLineOpen ? "\n" : ""))
          )
        )
        const tell = (line: string | undefined) =>
          line === undefined ? Effect.void : Effect.andThen(endLine, output.status(line))
        const print = Effect.fnUntraced(function* (event: TurnEvent) {
          const text = printable(wordsOf(event, streams))
          yield* write(markdown === undefined ? text : markdown.write(text))
          if (event.type === "tool_start") started.add(event.call.id)
          yield* tell(renderEvent(event, output, started))
          if (event.type === "tool_end") yield* tell(yield* changeOf(event.outcome))
          if (event.type === "step_end" || event.type === "turn_end" || beginsCall(event)) yield* endLine
        })
        return events.pipe(
          Stream.tap(print),
          // A turn that is stopped in the middle of a line must not leave the prompt behind it.
          Stream.ensuring(endLine)
        )
      })
    )
