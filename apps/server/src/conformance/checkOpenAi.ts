/** Answers of Chat Completions and of Responses. */
import type { JsonObject } from "@signalbox/model"
import type { Check } from "./Case.ts"
import { eventsIn, firstWrong, isCount, jsonOf, objectOf, objectsOf } from "./read.ts"

const finishes = new Set(["stop", "length", "tool_calls", "content_filter"])

const chatUsageIssue = (usage: JsonObject): string | undefined => {
  const { completion_tokens: output, prompt_tokens: input, total_tokens: total } = usage
  if (!isCount(input) || !isCount(output) || !isCount(total)) return "the usage lacks a count"
  return total === input + output ? undefined : "the total of the usage is not its sum"
}

/** A whole completion. */
export const checkCompletion: Check = ({ text }, model) => {
  const body = objectOf(jsonOf(text))
  const choices = objectsOf(body["choices"])
  const message = objectOf(choices[0]?.["message"])
  const calls = objectsOf(message["tool_calls"])
  return (
    firstWrong([
      [body["object"] === "chat.completion", 'the object is not "chat.completion"'],
      [typeof body["id"] === "string" && typeof body["created"] === "number", "there is no id, or no time"],
      [body["model"] === model, "the model is not the one that was asked for"],
      [choices.length === 1, "there is not one choice"],
      [message["role"] === "assistant", 'the role is not "assistant"'],
      [finishes.has(String(choices[0]?.["finish_reason"])), "there is no reason why it ended"],
      [calls.length > 0 || (typeof message["content"] === "string" && message["content"] !== ""), "it says nothing"]
    ]) ?? chatUsageIssue(objectOf(body["usage"]))
  )
}

/** A stream of chunks. */
export const checkChunks: Check = ({ text }, model) => {
  const events = eventsIn(text)
  const chunks = events.slice(0, -1).map(({ data }) => objectOf(jsonOf(data)))
  const choices = chunks.flatMap((chunk) => objectsOf(chunk["choices"]))
  const finished = choices.map(({ finish_reason: finish }) => (typeof finish === "string" ? finish : null))
  const said = choices.map(({ delta }) => objectOf(delta))
  const hasWords = said.some(({ content, tool_calls: calls }) => Boolean(content) || objectsOf(calls).length > 0)
  const usages = chunks.filter(({ usage }) => usage !== undefined && usage !== null)
  return firstWrong([
    [events.at(-1)?.data === "[DONE]", "it does not end with [DONE]"],
    [chunks.every(({ object }) => object === "chat.completion.chunk"), "something is no chunk"],
    [new Set(chunks.map(({ id }) => id)).size === 1, "the chunks have several ids"],
    [chunks.every((chunk) => chunk["model"] === model), "the model is not the one that was asked for"],
    [said[0]?.["role"] === "assistant", "it does not begin with the role"],
    [hasWords, "it says nothing"],
    [finished.slice(0, -1).every((finish) => finish === null), "something follows its end"],
    [finishes.has(finished.at(-1) ?? ""), "there is no reason why it ended"],
    [usages.every((chunk) => objectsOf(chunk["choices"]).length === 0), "the usage is no chunk of its own"]
  ])
}

const responseIssue = (response: JsonObject, model: string): string | undefined => {
  const items = objectsOf(response["output"])
  const usage = objectOf(response["usage"])
  return firstWrong([
    [response["object"] === "response", 'the object is not "response"'],
    [String(response["id"]).startsWith("resp_"), "the id does not begin with resp_"],
    [response["model"] === model, "the model is not the one that was asked for"],
    [["completed", "incomplete"].includes(String(response["status"])), `it is ${String(response["status"])}`],
    [items.length > 0, "there is no output"],
    [items.every(({ id, type }) => typeof id === "string" && typeof type === "string"), "an item lacks id or type"],
    [new Set(items.map(({ id }) => id)).size === items.length, "two items have one id"],
    [isCount(usage["input_tokens"]) && isCount(usage["output_tokens"]), "the usage lacks a count"]
  ])
}

/** A whole response. */
export const checkResponse: Check = ({ text }, model) => responseIssue(objectOf(jsonOf(text)), model)

/** Whether each item begins in order, once, and has an end. */
const itemsIssue = (events: ReadonlyArray<JsonObject>): string | undefined => {
  const begun = events.filter(({ type }) => type === "response.output_item.added")
  const done = events.filter(({ type }) => type === "response.output_item.done")
  return firstWrong([
    [begun.every((event, index) => event["output_index"] === index), "the items do not begin in order"],
    [new Set(done.map((event) => event["output_index"])).size === begun.length, "an item has no end"]
  ])
}

/** A stream of events. */
export const checkResponseStream: Check = ({ text }, model) => {
  const events = eventsIn(text)
  const data = events.map((each) => objectOf(jsonOf(each.data)))
  const last = data.at(-1)
  const response = objectOf(last?.["response"])
  const done = data.filter(({ type }) => type === "response.output_item.done")
  const ended = new Set(done.map(({ item }) => objectOf(item)["id"]))
  return (
    firstWrong([
      [events.every(({ event }, index) => event === data[index]?.["type"]), "an event is not named after its type"],
      [data.every((each, index) => each["sequence_number"] === index), "the events are not numbered from 0"],
      [data[0]?.["type"] === "response.created", "it does not begin with response.created"],
      [/^response\.(completed|incomplete)$/.test(String(last?.["type"])), `it ends with ${String(last?.["type"])}`]
    ]) ??
    itemsIssue(data) ??
    responseIssue(response, model) ??
    firstWrong([
      [objectsOf(response["output"]).every(({ id }) => ended.has(id)), "the response has an item that was not told"]
    ])
  )
}
