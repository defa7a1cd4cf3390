/**
 * The tools of the servers that run here, and the built-in ones: what there is, and calling one by hand. A call starts no server: one that was
 * stopped stays so. Whoever leaves before the answer has the call cancelled at its server.
 */
import { CorrelationId } from "@signalbox/errors"
import { builtInSource, calledByHand, Host } from "@signalbox/host"
import {
  Interaction,
  JsonObject,
  qualifiedName,
  ToolAnnotations,
  type ToolDefinition,
  type ToolResult,
  ToolResultContent
} from "@signalbox/model"
import { ServerNotRunning } from "@signalbox/orchestrator"
import { Effect, Schema } from "effect"
import { HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { answered, apiFailures } from "../ApiFailure.ts"
import { apiOf, prefix, WellFormed } from "../controlGroup.ts"

/** A tool by the name that calls take. */
export const ToolJson = Schema.Struct({
  name: Schema.String,
  server: Schema.String,
  /** What its server calls it. */
  original_name: Schema.String,
  /** The name that the configuration gives it instead. */
  alias: Schema.optionalKey(Schema.String),
  description: Schema.String,
  input_schema: JsonObject,
  annotations: ToolAnnotations
})
export interface ToolJson extends Schema.Schema.Type<typeof ToolJson> {}

/** What a tool answered. `is_error` is an answer, too: the call itself came to its end. */
export const ToolResultJson = Schema.Struct({
  content: Schema.Array(ToolResultContent),
  structured_content: Schema.optionalKey(Schema.Unknown),
  is_error: Schema.Boolean,
  /** Oddities of the answer that did not cost its content. */
  warnings: Schema.optionalKey(Schema.Array(Schema.String))
})
export interface ToolResultJson extends Schema.Schema.Type<typeof ToolResultJson> {}

const error = apiFailures

/**
 * With `server` the name is the server's own for the tool, else the one that the list shows. `approved` answers what a
 * built-in tool asks by itself; without it such a call fails with `APPROVAL_REQUIRED`.
 */
const call = Schema.Struct({
  name: Schema.String,
  input: Schema.optionalKey(JsonObject),
  server: Schema.optionalKey(Schema.String),
  approved: Schema.optionalKey(Schema.Literals(["once", "always"]))
})

/** The routes of the tools. */
export class ToolsGroup extends HttpApiGroup.make("tools")
  .add(
    HttpApiEndpoint.get("list", "/tools", {
      query: { server: Schema.optionalKey(Schema.String) },
      success: Schema.Array(ToolJson),
      error
    }),
    HttpApiEndpoint.post("call", "/tools/call", { payload: call, success: ToolResultJson, error })
  )
  .middleware(WellFormed)
  .prefix(prefix) {}

const sourceOf = ({ runBy }: ToolDefinition): string => (runBy._tag === "Host" ? runBy.source : "")

const toolJson = (tool: ToolDefinition): ToolJson => ({
  name: tool.name,
  server: sourceOf(tool),
  original_name: tool.originalName,
  ...(tool.alias === undefined ? {} : { alias: tool.alias }),
  description: tool.description,
  input_schema: tool.inputSchema,
  annotations: tool.annotations
})

const resultJson = ({ content, isError, structuredContent, warnings }: ToolResult): ToolResultJson => ({
  content,
  ...(structuredContent === undefined ? {} : { structured_content: structuredContent }),
  is_error: isError,
  ...(warnings === undefined ? {} : { warnings })
})

/** The built-in tools are no server's. */
const serverIn = (source: string | undefined): string | undefined => (source === builtInSource ? undefined : source)

/** All of them, once no server is in its first start any more. */
const list = Effect.fnUntraced(function* (server: string | undefined) {
  const { orchestrator, toolbox } = yield* Host
  const wanted = serverIn(server)
  if (wanted !== undefined) yield* orchestrator.server(wanted)
  if (server !== builtInSource) yield* orchestrator.settled
  const tools = yield* toolbox.list
  return tools.filter((tool) => server === undefined || sourceOf(tool) === server).map(toolJson)
}, answered)

/** Nobody sits at this end: who calls has been asked, or is told that somebody has to be. */
const answering = (approved: typeof call.Type.approved): Interaction =>
  approved === undefined
    ? Interaction.decline
    : { ...Interaction.decline, approve: () => Effect.succeed({ isApproved: true, remember: approved }) }

const callTool = Effect.fnUntraced(function* ({ approved, input = {}, name, server }: typeof call.Type) {
  const { approvals, orchestrator, toolbox } = yield* Host
  const serverName = serverIn(server)
  if (serverName !== undefined) {
    const { state } = yield* orchestrator.server(serverName)
    if (state === "stopped") return yield* new ServerNotRunning({ serverName })
  }
  const context = calledByHand(approvals, {
    correlationId: yield* CorrelationId,
    interaction: answering(approved)
  })
  const wanted = server === undefined ? name : qualifiedName(server, name)
  return resultJson(yield* toolbox.call(wanted, input, context))
}, answered)

/** What the routes do. */
export const toolsRoutes = HttpApiBuilder.group(apiOf(ToolsGroup), "tools", (handlers) =>
  handlers.handle("list", ({ query }) => list(query.server)).handle("call", ({ payload }) => callTool(payload))
)
