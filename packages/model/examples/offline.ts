import {
  joinToolboxes,
  localCall,
  type Message,
  resultText,
  textMessage,
  textOf,
  textResult,
  type Toolbox
} from "@signalbox/model"
import { offlineModel } from "@signalbox/model/offline"
import { Effect } from "effect"

const notes: Toolbox["Service"] = {
  list: Effect.succeed([
    {
      name: "read_note",
      originalName: "read_note",
      description: "Read a note by its file name",
      inputSchema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
      annotations: { readOnlyHint: true },
      runBy: { _tag: "Host", source: "notes" },
      isTrusted: true
    }
  ]),
  call: (_name, input) => Effect.succeed(textResult(`${String(input["path"])} says: water the plants`))
}

const model = offlineModel()
const toolbox = joinToolboxes([notes])

const program = Effect.gen(function* () {
  const tools = yield* toolbox.list
  const messages: Array<Message> = [textMessage("user", "please read the note garden.md")]
  const ask = () => model.generate({ model: "", system: [], messages, tools, maxTokens: 1000 })

  const reply = yield* ask()
  messages.push({ role: "assistant", content: reply.content })
  for (const block of reply.content) {
    if (block.type !== "tool_use") continue
    console.log(block.name, JSON.stringify(block.input))
    const result = yield* toolbox.call(block.name, block.input, localCall({ toolCallId: block.id }))
    messages.push({
      role: "user",
      content: [{ type: "tool_result", tool_use_id: block.id, content: resultText(result), is_error: result.isError }]
    })
  }
  console.log(textOf((yield* ask()).content))
})

await Effect.runPromise(program)
// => read_note {"path":"garden.md"}
// => garden.md says: water the plants
