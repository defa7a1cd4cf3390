/** What an upstream was asked, in words that its three APIs share. */
import type { SeenRequest } from "@signalbox/testing"
import { textIn } from "./Client.ts"

type Fields = Readonly<Record<string, unknown>>

const list = (value: unknown): ReadonlyArray<Fields> => (Array.isArray(value) ? value : [])

const parse = (text: unknown): unknown => JSON.parse(String(text))

const calls = (name: unknown, input: unknown): string => `calls ${String(name)} ${JSON.stringify(input)}`

/** OpenAI's APIs have no mark for a result that is an error: it is said in words. */
const result = (content: unknown): string => `result ${textIn(content).replace(/^Error: /, "")}`

/** The bytes of a picture in any of its forms. */
const picture = (block: Fields): string => {
  const said = JSON.stringify(block)
  return `image ${/base64,([^"]*)/.exec(said)?.[1] ?? /"data":"([^"]*)"/.exec(said)?.[1] ?? ""}`
}

const blockLines = (role: string, block: Fields): ReadonlyArray<string> => {
  switch (block["type"]) {
    case "text":
    case "input_text":
    case "output_text":
      return [`${role} ${String(block["text"])}`]
    case "thinking":
      return [`thinks ${String(block["thinking"])} ${String(block["signature"])}`]
    case "tool_use":
      return [calls(block["name"], block["input"])]
    case "tool_result":
      return [result(block["content"])]
    default:
      return [picture(block)]
  }
}

const speech = (role: unknown, content: unknown): ReadonlyArray<string> => {
  const who = role === "user" ? "user" : "model"
  if (typeof content === "string") return content === "" ? [] : [`${who} ${content}`]
  return list(content).flatMap((block) => blockLines(who, block))
}

const itemLines = (item: Fields): ReadonlyArray<string> => {
  switch (item["type"]) {
    case "function_call":
      return [calls(item["name"], parse(item["arguments"]))]
    case "function_call_output":
      return [result(item["output"])]
    case "reasoning":
      return [`thinks ${textIn(item["summary"])} ${String(item["encrypted_content"])}`]
    default:
      return speech(item["role"], item["content"])
  }
}

const messageLines = (message: Fields): ReadonlyArray<string> => {
  if (message["role"] === "tool") return [result(message["content"])]
  const asked = list(message["tool_calls"]).map((call) => {
    // Every call of this API has one.
    const inner = call["function"] as Fields
    return calls(inner["name"], parse(inner["arguments"]))
  })
  return [...speech(message["role"], message["content"]), ...asked]
}

/** Some APIs and clients join what was said in several texts: so does this, without what stands between them. */
export const joinSpeech = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const joined: Array<string> = []
  for (const line of lines) {
    const last = joined.at(-1)
    if (last?.startsWith("model ") === true && line.startsWith("model ")) {
      joined[joined.length - 1] = last + line.slice("model ".length)
    } else joined.push(line)
  }
  return joined
}

/** The conversation that a request holds, line by line. */
export const conversationIn = ({ body, kind }: SeenRequest): ReadonlyArray<string> => {
  // It recorded an object, for it has answered.
  const request = body as Fields
  const lines =
    kind === "responses"
      ? list(request["input"]).flatMap(itemLines)
      : list(request["messages"])
          .filter(({ role }) => role !== "system" && role !== "developer")
          .flatMap(messageLines)
  return joinSpeech(lines.map((line) => line.replaceAll("\n\n", "")))
}
