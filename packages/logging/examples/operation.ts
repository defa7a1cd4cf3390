import { withCorrelationId } from "@signalbox/errors"
import { Logging, withOperation } from "@signalbox/logging"
import { Effect } from "effect"

// A library logs in the usual way and knows nothing of formats.
const callTool = Effect.logInfo("calling tool", { input: { path: "a.txt", apiKey: "hunter22" } })

const turn = callTool.pipe(
  withOperation("tool.call", { tool_name: "read_file" }),
  withOperation("turn", { conversation_id: "conv_1" }),
  withCorrelationId("req-7")
)

// Without `write` the lines go to stderr; here they are shortened and printed.
const write = (line: string) => {
  const { level, message, correlation_id, operation, tool_name, input } = JSON.parse(line)
  console.log(JSON.stringify({ level, message, correlation_id, operation, tool_name, input }))
}

await Effect.runPromise(turn.pipe(Effect.provide(Logging.layer({ format: "json", level: "info", write }))))
// => {"level":"info","message":"calling tool","correlation_id":"req-7","operation":"tool.call","tool_name":"read_file","input":{"path":"a.txt","apiKey":"<redacted>"}}
