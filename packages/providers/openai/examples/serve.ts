import { eventsOf, type ModelReply } from "@signalbox/model"
import {
  decodeChatRequest,
  decodeResponsesRequest,
  encodeChatReply,
  encodeOpenAiError,
  encodeResponsesStream,
  renderResponsesEvent,
  startResponsesStream
} from "@signalbox/provider-openai/serve"
import { Effect } from "effect"

const reply: ModelReply = {
  id: "msg_upstream",
  model: "some-model",
  content: [
    {
      type: "tool_use",
      id: "toolu_1",
      name: "read_signal",
      input: { track: 4 },
      runBy: { _tag: "Host", source: "signals" }
    }
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 4 }
}
const result = { type: "tool_result", tool_use_id: "toolu_1", content: "green" } as const

const runBy = () => ({ _tag: "Host", source: "signals" }) as const

const program = Effect.gen(function* () {
  const chat = yield* decodeChatRequest({ model: "big", messages: [{ role: "user", content: "May the train pass?" }] })
  const { callForms } = chat.answer
  const steps = [{ reply, results: [result] }]
  const completion = encodeChatReply({ id: "chatcmpl-1", model: chat.model, created: 0, callForms, steps })
  const [choice] = completion.choices
  console.log(choice?.finish_reason, choice?.message.tool_calls, choice?.message.mcp_calls?.[0]?.output)

  const { answer, model } = yield* decodeResponsesRequest({ model: "big", input: "May the train pass?", stream: true })
  let state = startResponsesStream({ id: "resp_1", model, created: 0, runBy, ...answer })
  for (const event of eventsOf(reply)) state = encodeResponsesStream(state, { type: "model", event })[0]
  const [, events] = encodeResponsesStream(state, { type: "result", result })
  console.log(events.map(renderResponsesEvent)[0]?.trim())

  const refusal = yield* Effect.flip(
    decodeResponsesRequest({ model: "big", input: "", previous_response_id: "resp_0" })
  )
  const { body, status } = encodeOpenAiError(refusal, "req_1")
  console.log(status, body.error.code)
})

await Effect.runPromise(program)
// => stop undefined green
// => event: response.mcp_call.completed
// => data: {"type":"response.mcp_call.completed","sequence_number":6,"item_id":"mcp_1_0_0_toolu_1","output_index":0}
// => 400 previous_response_not_found
