/**
 * What of a request is text that is counted, and what else has tokens.
 */
import type { ContentBlock } from "../ContentBlock.ts"
import type { ModelRequest } from "../Message.ts"
import { imageTokens, pdfTokens } from "./media.ts"

/** The countable parts of a request. */
export interface RequestParts {
  readonly texts: ReadonlyArray<string>
  /** Tokens of pictures and documents. */
  readonly media: number
  readonly messages: number
  readonly hasTools: boolean
}

/** Everything of a request that a provider counts: system, messages with tool calls, results and thinking, and tools. */
export const partsOf = ({ messages, system, tools }: ModelRequest): RequestParts => {
  const texts: Array<string> = []
  let media = 0
  const addAll = (blocks: ReadonlyArray<ContentBlock>) => {
    for (const block of blocks) add(block)
  }
  const add = (block: ContentBlock): void => {
    switch (block.type) {
      case "text":
        return void texts.push(block.text)
      case "thinking":
        return void texts.push(block.thinking)
      case "redacted_thinking":
        return void texts.push(block.data)
      case "tool_use":
        return void texts.push(block.name, block.invalidInput ?? JSON.stringify(block.input))
      case "tool_result":
        if (typeof block.content === "string") return void texts.push(block.content)
        return addAll(block.content ?? [])
      case "image":
        return void (media += imageTokens(block))
      case "document": {
        texts.push(block.title ?? "", block.context ?? "")
        const { source } = block
        if (source["type"] === "text" && typeof source["data"] === "string") return void texts.push(source["data"])
        if (source["type"] === "content") return void texts.push(JSON.stringify(source["content"]))
        return void (media += pdfTokens(block))
      }
      case "opaque":
        return void texts.push(JSON.stringify(block.block))
    }
  }
  addAll(system)
  for (const { content } of messages) addAll(content)
  for (const { description, inputSchema, name } of tools) {
    texts.push(JSON.stringify({ name, description, input_schema: inputSchema }))
  }
  return { texts: texts.filter((text) => text !== ""), media, messages: messages.length, hasTools: tools.length > 0 }
}
