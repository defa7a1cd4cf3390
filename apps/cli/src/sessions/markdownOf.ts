/** A conversation as a Markdown document: everything that was said, thought, called and given, and what it used. */
import { type ChatEvent, overviewOf, type TurnPoint } from "@signalbox/conversation"
import type { ContentBlock } from "@signalbox/model"
import { DateTime } from "effect"
import { showPoint } from "./historyPoint.ts"
import { openCallWords, openResult, type UnfinishedStep, unfinishedSteps } from "./openSteps.ts"

/** A fence that is longer than any in the text. */
const fenced = (text: string, language = ""): string => {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length))
  const fence = "`".repeat(longest + 1)
  return `${fence}${language}\n${text.replace(/\n$/, "")}\n${fence}`
}

const json = (value: unknown): string => fenced(JSON.stringify(value, undefined, 2), "json")

const quoted = (text: string): string => text.replace(/^/gm, "> ")

/** Everything that a block may be; what is not text is shown as it is kept. */
const blockText = (block: ContentBlock): string => {
  switch (block.type) {
    case "text":
      return block.text
    case "thinking":
      return `*Thinking*\n\n${quoted(block.thinking)}`
    default:
      return json(block)
  }
}

/** Calls stand for themselves, as records of their own. */
const isCall = (block: ContentBlock): boolean => block.type === "tool_use"

const contentText = (content: string | ReadonlyArray<ContentBlock> | undefined): string =>
  typeof content === "string"
    ? content
    : (content ?? [])
        .filter((block) => !isCall(block))
        .map(blockText)
        .join("\n\n")

const usageText = (event: ChatEvent & { readonly type: "assistant_message" }): ReadonlyArray<string> => {
  const { model, usage } = event
  if (usage === undefined) return []
  const counts = Object.entries(usage).flatMap(([name, value]) =>
    typeof value === "number" ? [`${name.replaceAll("_", " ")} ${value}`] : []
  )
  return [`*${[...(model === undefined ? [] : [model]), ...counts].join(" · ")}*`]
}

const resultText = (event: ChatEvent & { readonly type: "tool_result" }): string => {
  const { content } = event
  const text =
    typeof content === "string" || content === undefined
      ? (content ?? "")
      : content.map((block) => (block.type === "text" ? block.text : JSON.stringify(block, undefined, 2))).join("\n")
  return `**${event.is_error === true ? "Failed" : "Result"}**\n\n${fenced(text)}`
}

/** The parts of a record; none for what is a note beside the conversation. */
const partsOf = (event: ChatEvent): ReadonlyArray<string> => {
  switch (event.type) {
    case "user_message":
      return ["**You**", contentText(event.content)]
    case "assistant_message": {
      const text = contentText(event.content)
      return [...(text === "" ? [] : ["**Model**", text]), ...usageText(event)]
    }
    case "tool_call":
      return [`**Call of \`${event.name}\`**`, json(event.arguments)]
    case "tool_result":
      return [resultText(event)]
    case "system_update":
      return ["**Host**", contentText(event.content)]
    case "meta":
      return event.kind === "context_summary" ? ["**Summary of what came before**", String(event.data["summary"])] : []
  }
}

/** The parts of a step that is not history yet: its call is told of, whatever became of it. */
const openParts = ({ calls, reply }: UnfinishedStep, isRunning: boolean): ReadonlyArray<string> => {
  const text = contentText(reply.content)
  return [
    ...(text === "" ? [] : ["**Model**", text]),
    ...calls.flatMap((open) => {
      const state = openCallWords(open, isRunning)
      const result = openResult(open)
      return [
        `**Call of \`${open.call.name}\`**`,
        json(open.call.input),
        ...(state === undefined ? [] : [`*${state.charAt(0).toUpperCase()}${state.slice(1)}.*`]),
        ...(result === undefined ? [] : [`**${result.isError ? "Failed" : "Result"}**\n\n${fenced(result.text)}`])
      ]
    })
  ]
}

const ends: Readonly<Record<string, string>> = {
  stopped: "This turn was stopped.",
  lost: "The program ended before this turn had ended.",
  open: "This turn has not ended."
}

const headOf = ({ at, number, end: kept }: TurnPoint, isRunning: boolean): ReadonlyArray<string> => {
  const end = kept === "open" && !isRunning ? "lost" : kept
  return [
    `## Turn ${number}${at === undefined ? "" : ` · ${DateTime.formatIso(at)}`}`,
    ...(end !== undefined && ends[end] !== undefined ? [`*${ends[end]}*`] : [])
  ]
}

/** The document. `isRunning` says whether its last turn runs; otherwise one that has not ended never will. */
export const markdownOf = (name: string, events: ReadonlyArray<ChatEvent>, isRunning: boolean): string => {
  const { forkedFrom, turns } = overviewOf(events)
  const parts = [
    `# ${name}`,
    ...(forkedFrom === undefined ? [] : [`Forked from ${forkedFrom.conversationId} at ${showPoint(forkedFrom)}.`])
  ]
  let shown = 0
  for (const event of events) {
    const own = partsOf(event)
    if (own.length === 0) continue
    const turn = turns[shown]
    if (turn !== undefined && beginsTurn(event, turns[shown - 1], turn)) {
      parts.push(...headOf(turn, isRunning))
      shown++
    }
    parts.push(...own)
  }
  parts.push(...unfinishedSteps(events).flatMap((step) => openParts(step, isRunning)))
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`
}

const beginsTurn = (event: ChatEvent, before: TurnPoint | undefined, turn: TurnPoint): boolean =>
  turn.requestId === undefined
    ? event.type === "user_message" || before === undefined
    : event.request_id === turn.requestId
