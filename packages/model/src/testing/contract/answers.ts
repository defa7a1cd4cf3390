/**
 * What an answer is, however its provider sends it.
 */
import { Effect, Stream } from "effect"
import type { ContentBlock } from "../../ContentBlock.ts"
import { collectReply } from "../../LanguageModel.ts"
import type { Usage } from "../../Message.ts"
import type { BlockDelta, ModelEvent } from "../../ModelEvent.ts"
import { askFor } from "../requests.ts"
import type { ContractCase, ContractReply, ContractSubject } from "./ContractSubject.ts"
import { same } from "./same.ts"

/** Everything that an answer may hold and every wire can say. */
export const mixed: ContractReply = {
  blocks: [
    { type: "thinking", thinking: "let me see", signature: "signed" },
    { type: "text", text: "both, one after the other" },
    { type: "tool_call", id: "toolu_1", name: "read", input: { path: "a.txt" } },
    { type: "tool_call", id: "toolu_2", name: "stat", input: {} }
  ],
  usage: { inputTokens: 11, outputTokens: 7, cacheReadTokens: 5, cacheWriteTokens: 3 }
}

const outlined: ReadonlyArray<Line> = [
  ["message_start"],
  ["start 0", { type: "thinking", thinking: "", signature: "" }],
  ["thinking_delta 0", "let me see"],
  ["stop 0"],
  ["start 1", { type: "text", text: "" }],
  ["text_delta 1", "both, one after the other"],
  ["stop 1"],
  ["start 2", { type: "tool_use", id: "toolu_1", name: "read", input: {} }],
  ["input_json_delta 2", '{"path":"a.txt"}'],
  ["stop 2"],
  ["start 3", { type: "tool_use", id: "toolu_2", name: "stat", input: {} }],
  ["input_json_delta 3", "{}"],
  ["stop 3"],
  ["message_delta", "tool_use"],
  ["message_stop"]
]

type Line = readonly [what: string, content?: unknown]

const lineOf = (event: ModelEvent): Line => {
  switch (event.type) {
    case "content_block_start":
      return [`start ${event.index}`, event.content_block]
    case "content_block_delta":
      return [`${event.delta.type} ${event.index}`, pieceOf(event.delta)]
    case "content_block_stop":
      return [`stop ${event.index}`]
    case "message_delta":
      return [event.type, event.delta.stop_reason]
    default:
      return [event.type]
  }
}

const pieceOf = (delta: BlockDelta): string =>
  Object.entries(delta).reduce((text, [key, value]) => (key === "type" ? text : `${text}${String(value)}`), "")

/** The events one by one, with the pieces of a block joined and without the signatures that only some vendors have. */
const outline = (events: ReadonlyArray<ModelEvent>): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  for (const event of events) {
    if (event.type === "content_block_delta" && event.delta.type === "signature_delta") continue
    const [what, content] = lineOf(event)
    const last = lines.at(-1)
    if (event.type === "content_block_delta" && last?.[0] === what) {
      lines[lines.length - 1] = [what, `${String(last[1])}${String(content)}`]
    } else {
      lines.push(content === undefined ? [what] : [what, content])
    }
  }
  // Whether there is a piece that says nothing is the wire's affair.
  return lines.filter(([what, content]) => !what.includes("_delta ") || content !== "")
}

const counters = ({ cache_creation_input_tokens, cache_read_input_tokens, input_tokens, output_tokens }: Usage) => [
  input_tokens,
  output_tokens,
  cache_read_input_tokens,
  cache_creation_input_tokens
]

const inputOf = (block: ContentBlock | undefined) =>
  block?.type === "tool_use" ? [block.name, block.input, block.invalidInput] : []

export const answers = ({ over, provider }: ContractSubject): ReadonlyArray<ContractCase> => [
  ...[
    ["gives blocks in order, numbered from 0, of which none overlaps another", mixed] as const,
    ["gives the same however it is cut and mixed", { ...mixed, interleaveToolCalls: true, chunks: 3 }] as const
  ].map(([name, reply]) => ({
    name,
    check: over(reply, (model) =>
      Effect.flatMap(Stream.runCollect(model.stream(askFor())), (events) => same("events", outline(events), outlined))
    )
  })),
  {
    name: "answers the same streamed and whole, and counts tokens alike",
    check: over(mixed, (model) =>
      Effect.gen(function* () {
        const streamed = yield* collectReply(provider, model.stream(askFor()))
        const whole = yield* model.generate(askFor())
        yield* same("content", whole.content, streamed.content)
        yield* same("stop reasons", [whole.stop_reason, streamed.stop_reason], ["tool_use", "tool_use"])
        yield* same("usage", whole.usage, streamed.usage)
        yield* same("counters", counters(whole.usage), [11, 7, 5, 3])
      })
    )
  },
  ...[
    ["ends an answer of text with end_turn", {}, "end_turn"] as const,
    ["says when an answer was cut at its limit", { stopReason: "max_tokens" }, "max_tokens"] as const,
    ["says when the model refused", { stopReason: "refusal" }, "refusal"] as const
  ].map(([name, more, stopReason]) => ({
    name,
    check: over({ text: "plain", ...more }, (model) =>
      Effect.gen(function* () {
        for (const reply of [yield* collectReply(provider, model.stream(askFor())), yield* model.generate(askFor())]) {
          yield* same("content", reply.content, [{ type: "text", text: "plain" }])
          yield* same("stop reason", reply.stop_reason, stopReason)
        }
      })
    )
  })),
  {
    name: "keeps arguments that are no JSON as text, for the model to correct",
    check: over({ toolCalls: [{ name: "read", input: '{"path": oops' }] }, (model) =>
      Effect.flatMap(collectReply(provider, model.stream(askFor())), ({ content }) =>
        same("call", inputOf(content[0]), ["read", {}, '{"path": oops'])
      )
    )
  }
]
