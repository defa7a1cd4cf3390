/**
 * What all groups of the control API share: its name, its prefix, and how a request is told that it is wrong.
 */
import { Effect, SchemaIssue, Stream } from "effect"
import { HttpApi, type HttpApiGroup, HttpApiMiddleware } from "effect/http-api"
import { apiFailure, apiFailures } from "./ApiFailure.ts"
import { ControlHost } from "./ControlHost.ts"
import { InvalidControlRequest } from "./errors.ts"

const apiName = "signalbox-control"

/** Below which all routes are; what is about MCP servers is the only thing that can be controlled so far. */
export const prefix = "/v1/mcp"

/** Who asks may say which work a request belongs to. */
export const correlationHeader = "x-correlation-id"

/** An API of these groups. A group is implemented against an API of it alone, so that its file need not know the others. */
export const apiOf = <Group extends HttpApiGroup.Constraint>(group: Group) => HttpApi.make(apiName).add(group)

/** Answers requests that do not fit their schema with the failure that says where. */
export class WellFormed extends HttpApiMiddleware.Service<WellFormed>()("@signalbox/server/WellFormed", {
  error: apiFailures
}) {
  static readonly layer = HttpApiMiddleware.layerSchemaErrorTransform(WellFormed, (error) => {
    const issue = issuesOf(error.cause.issue).issues[0]
    const path = (issue?.path ?? []).map(String).join(".")
    return Effect.fail(apiFailure(new InvalidControlRequest({ path, reason: issue?.message ?? "it does not fit" })))
  })
}

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** A stream of news that ends when the API closes: an open answer would hold the end of the program up. */
export const untilClosing = Effect.fnUntraced(function* <A, E, R>(stream: Stream.Stream<A, E, R>) {
  const { closing } = yield* ControlHost
  // It is read after the handler is done.
  const context = yield* Effect.context<R>()
  return Stream.provideContext(Stream.interruptWhen(stream, closing), context)
})
