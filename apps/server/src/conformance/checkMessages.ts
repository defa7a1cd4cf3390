/** Answers of the Messages API. */
import type { JsonObject } from "@signalbox/model"
import type { Check } from "./Case.ts"
import { eventsIn, firstWrong, isCount, jsonOf, objectOf, objectsOf } from "./read.ts"

const messageIssue = (message: JsonObject, model: string): string | undefined =>
  firstWrong([
    [message["type"] === "message", 'the type is not "message"'],
    [message["role"] === "assistant", 'the role is not "assistant"'],
    [String(message["id"]).startsWith("msg_"), "the id does not begin with msg_"],
    [message["model"] === model, "the model is not the one that was asked for"],
    [Array.isArray(message["content"]), "the content is no list"]
  ])

const usageIssue = (usage: JsonObject): string | undefined =>
  firstWrong([
    [isCount(usage["input_tokens"]), "usage.input_tokens is no number"],
    [isCount(usage["output_tokens"]), "usage.output_tokens is no number"]
  ])

const hasContent = (blocks: ReadonlyArray<JsonObject>): boolean =>
  blocks.some(({ text, type }) => (type === "text" ? text !== "" : type === "tool_use"))

/** A whole message. */
export const checkMessage: Check = ({ text }, model) => {
  const message = objectOf(jsonOf(text))
  return (
    messageIssue(message, model) ??
    usageIssue(objectOf(message["usage"])) ??
    firstWrong([
      [typeof message["stop_reason"] === "string", "there is no stop_reason"],
      [hasContent(objectsOf(message["content"])), "there is neither text nor a call"]
    ])
  )
}

/** Which kinds of deltas belong into which kinds of blocks. */
const deltas: Readonly<Record<string, ReadonlyArray<string>>> = {
  text: ["text_delta", "citations_delta"],
  thinking: ["thinking_delta", "signature_delta"],
  tool_use: ["input_json_delta"]
}

interface Reading {
  readonly next: number
  readonly open: string | undefined
  readonly hasContent: boolean
}

/** The next state, or what is wrong. */
type Read = Reading | string

const readStart = (state: Reading, data: JsonObject): Read => {
  const { input, type } = objectOf(data["content_block"])
  if (state.open !== undefined) return "a block begins before the one before it has ended"
  if (data["index"] !== state.next) return `the block ${String(data["index"])} should have the number ${state.next}`
  if (type === "tool_use" && input === undefined) return "a call begins without an input"
  return { ...state, open: String(type), hasContent: state.hasContent || type === "tool_use" }
}

const readDelta = (state: Reading, data: JsonObject): Read => {
  const kind = String(objectOf(data["delta"])["type"])
  if (state.open === undefined || data["index"] !== state.next) return "a delta is of no block that is open"
  const allowed = deltas[state.open]
  if (allowed !== undefined && !allowed.includes(kind)) return `a ${kind} stands in a block of ${state.open}`
  return { ...state, hasContent: state.hasContent || kind === "text_delta" }
}

const readStop = (state: Reading, { index }: JsonObject): Read =>
  state.open === undefined || index !== state.next
    ? "a block ends that is not open"
    : { ...state, next: state.next + 1, open: undefined }

const read = (state: Reading, data: JsonObject): Read => {
  switch (data["type"]) {
    case "content_block_start":
      return readStart(state, data)
    case "content_block_delta":
      return readDelta(state, data)
    case "content_block_stop":
      return readStop(state, data)
    default:
      return state
  }
}

const blocksIssue = (events: ReadonlyArray<JsonObject>): string | undefined => {
  let state: Reading = { next: 0, open: undefined, hasContent: false }
  for (const data of events) {
    const next = read(state, data)
    if (typeof next === "string") return next
    state = next
  }
  return firstWrong([
    [state.open === undefined, "the last block has no end"],
    [state.hasContent, "there is neither text nor a call"]
  ])
}

/** Whether it begins and ends as one message does. */
const frameIssue = (said: ReadonlyArray<JsonObject>): string | undefined => {
  const types = said.map(({ type }) => type)
  const count = (type: string) => types.filter((each) => each === type).length
  return firstWrong([
    [types[0] === "message_start", "it does not begin with message_start"],
    [count("message_start") === 1 && count("message_delta") === 1, "it has several beginnings or ends"],
    [count("error") === 0, "it has an error"],
    [types.slice(-2).join(" ") === "message_delta message_stop", "it does not end as a message does"]
  ])
}

const endIssue = (end: JsonObject): string | undefined =>
  firstWrong([
    [typeof objectOf(end["delta"])["stop_reason"] === "string", "there is no stop_reason"],
    [isCount(objectOf(end["usage"])["output_tokens"]), "the end does not count the tokens of the output"]
  ])

/** A stream of events. */
export const checkMessageStream: Check = ({ text }, model) => {
  const events = eventsIn(text)
  const data = events.map((each) => objectOf(jsonOf(each.data)))
  const said = data.filter(({ type }) => type !== "ping")
  const first = objectOf(said[0]?.["message"])
  return (
    firstWrong([
      [events.every(({ event }, index) => event === data[index]?.["type"]), "an event is not named after its type"]
    ]) ??
    frameIssue(said) ??
    messageIssue(first, model) ??
    usageIssue(objectOf(first["usage"])) ??
    blocksIssue(said) ??
    endIssue(objectOf(said.at(-2)))
  )
}
