import { eventsOf, type ModelReply } from "@signalbox/model"
import { decodeRequest, encodeError, encodeStream, renderEvent, startStream } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"

const program = Effect.gen(function* () {
  const { model, request } = yield* decodeRequest({
    model: "big",
    max_tokens: 100,
    messages: [{ role: "user", content: "May the train pass?" }]
  })
  console.log(model, request.messages.length)

  const reply: ModelReply = {
    id: "msg_upstream",
    model: "some-model",
    content: [{ type: "tool_use", id: "toolu_1", name: "read_signal", input: { track: 4 } }],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 4 }
  }
  let state = startStream({ id: "msg_1", model, runBy: () => ({ _tag: "Host", source: "signals" }) })
  for (const event of eventsOf(reply)) {
    const [next, events] = encodeStream(state, { type: "model", event })
    state = next
    for (const shown of events) if (shown.type === "content_block_start") console.log(shown.content_block["type"])
  }
  const [, events] = encodeStream(state, {
    type: "result",
    result: { type: "tool_result", tool_use_id: "toolu_1", content: "green" }
  })
  console.log(events.map(renderEvent).join("").split("\n")[1])

  const refusal = yield* Effect.flip(
    decodeRequest({ model: "big", max_tokens: 1, messages: [{ role: "user", content: "" }] })
  )
  const { body, status } = encodeError(refusal, "req_1")
  console.log(status, body.error.message)
})

await Effect.runPromise(program)
// => big 1
// => mcp_tool_use
// => data: {"type":"content_block_start","index":1,"content_block":{"type":"mcp_tool_result","tool_use_id":"mcptoolu_1","is_error":false,"content":[{"type":"text","text":"green"}]}}
// => 400 messages.0.content: must not be empty
