import { defineError, statuses, toJson, toOutcome } from "@signalbox/errors"
import { Effect, Schema } from "effect"

class ToolNotFound extends defineError<ToolNotFound>()("ToolNotFound", {
  code: "TOOL_NOT_FOUND",
  status: statuses.notFound,
  fields: { toolName: Schema.String, serverName: Schema.String },
  message: ({ serverName, toolName }) => `The server "${serverName}" has no tool "${toolName}".`,
  hint: ({ serverName }) => `List its tools: signalbox tools list --server ${serverName}`
}) {}

const call = Effect.gen(function* () {
  return yield* new ToolNotFound({ toolName: "reed_file", serverName: "files" })
})

const outcome = await Effect.runPromise(toOutcome(call))
console.log(outcome.status, outcome.error_code)
// => failed TOOL_NOT_FOUND

const error = await Effect.runPromise(Effect.flip(call))
console.log(error.message)
// => The server "files" has no tool "reed_file".
console.log(JSON.stringify(toJson(error).details))
// => {"tool_name":"reed_file","server_name":"files"}
