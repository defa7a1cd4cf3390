/**
 * Calls one tool. The failure says what is known about execution: `ConnectionClosed` and its like prove
 * that nothing ran, `ToolOutcomeUnknown` and `ToolCallTimeout` leave it open.
 */
import { type Cause, Clock, Duration, Effect, Fiber, Queue, Result, Stream } from "effect"
import { ToolCallTimeout } from "./callErrors.ts"
import { rawResult } from "./Channel.ts"
import { type Connection, contextOf } from "./Connection.ts"
import type { CallError } from "./errors.ts"
import { callError, outcomeUnknown } from "./faults.ts"
import type { CallProgress, CallResult, ToolCall } from "./McpClient.ts"
import type { JsonObject, McpTool } from "./McpTool.ts"
import { Idle, request, Sent } from "./request.ts"
import { requestInRounds } from "./rounds.ts"
import { compileSchema, failureOf, rpcFailure } from "./sdk.ts"
import { createdTask, followTask, mustBeTask, TaskFailed, TaskLost } from "./tasks.ts"
import { readCallResult } from "./tools.ts"

/** What calls need to know of the last list. */
export interface KnownTool {
  readonly tool: McpTool
  /** Checks structured content; answers what is wrong with it. Compiled at the first use. */
  readonly violation: (value: unknown) => string | undefined
  readonly paramHeaders: (input: JsonObject) => Readonly<Record<string, string>> | undefined
}

const isSound = () => undefined

/** Performs a call without a span. It must be one of the `calls` of the connection. */
export const callTool = (
  connection: Connection,
  known: ReadonlyMap<string, KnownTool>,
  call: ToolCall
): Effect.Effect<CallResult, CallError> => {
  const limits = limitsOf(connection, call)
  if (call.onProgress !== undefined) return withProgress(connection, known, call, limits, call.onProgress)
  if (limits.idleMillis === undefined) return exchange(connection, known, call, limits, unwatched)
  return Effect.suspend(() => exchange(connection, known, call, limits, { meta: watch(connection, call) }))
}

interface Limits {
  readonly total: Duration.Duration
  readonly totalMillis: number
  /** Nothing where the total comes first. */
  readonly idleMillis: number | undefined
}

const limitsOf = ({ server }: Connection, call: ToolCall): Limits => {
  const total = call.timeout ?? server.callTimeout
  const totalMillis = Duration.toMillis(total)
  const idleMillis = Duration.toMillis(server.idleTimeout)
  return { total, totalMillis, idleMillis: idleMillis < totalMillis ? idleMillis : undefined }
}

/** Asks for progress, which is a sign of life, until the call is over. */
const watch = ({ calls, channel }: Connection, call: ToolCall, onProgress?: (progress: CallProgress) => void) => {
  const { release, token } = channel.watchProgress((progress) => {
    calls.idle(call)?.touch()
    onProgress?.(progress)
  })
  calls.onEnd(call, release)
  return { progressToken: token }
}

const withProgress = Effect.fnUntraced(function* (
  connection: Connection,
  known: ReadonlyMap<string, KnownTool>,
  call: ToolCall,
  limits: Limits,
  onProgress: NonNullable<ToolCall["onProgress"]>
) {
  const queue = yield* Queue.unbounded<CallProgress, Cause.Done>()
  let told = 0
  const meta = watch(connection, call, (progress) => {
    told = progress.progress
    Queue.offerUnsafe(queue, progress)
  })
  // A task says in words how far it is; only the words are news.
  const onStatus = (message: string) => void Queue.offerUnsafe(queue, { progress: (told += 1), message })
  const pump = yield* Effect.forkChild(Stream.runForEach(Stream.fromQueue(queue), onProgress))
  const result = yield* exchange(connection, known, call, limits, { meta, onStatus }).pipe(
    Effect.onExit(() => Queue.end(queue))
  )
  yield* Fiber.join(pump)
  return result
})

/** What is heard of a call while it runs. */
interface Watched {
  readonly meta?: JsonObject
  readonly onStatus?: (message: string) => void
}

const unwatched: Watched = {}

const exchange = (
  connection: Connection,
  known: ReadonlyMap<string, KnownTool>,
  call: ToolCall,
  limits: Limits,
  { meta, onStatus = isSound }: Watched
): Effect.Effect<CallResult, CallError> => {
  const tool = known.get(call.name)
  const headers = tool?.paramHeaders(call.input)
  const isModern = connection.session.handshake.era === "modern"
  const isTask = mustBeTask(connection, tool?.tool)
  const own = { name: call.name, arguments: call.input }
  const params = isTask ? { ...own, task: {} } : own
  const extra = {
    // The timer of the client costs nothing more; a race of fibers would cost as much as the call.
    timeoutMillis: limits.totalMillis,
    idleMillis: limits.idleMillis,
    call,
    ...(meta === undefined ? {} : { meta }),
    ...(headers === undefined ? {} : { headers })
  }
  const asked = isModern
    ? requestInRounds(connection, "tools/call", params, extra, call.respondent)
    : request(connection, "tools/call", params, extra)
  const answered = isModern || isTask ? followed(connection, call, limits, asked, onStatus) : asked
  return answered.pipe(
    Effect.map((result) => readCallResult(rawResult(result), tool?.violation ?? isSound)),
    Effect.mapError((error) => (error instanceof Sent ? explain(connection, call.name, limits, error.error) : error))
  )
}

/** The answer to a call, or that of the task which it became. */
const followed = Effect.fnUntraced(function* <E>(
  connection: Connection,
  call: ToolCall,
  { total, totalMillis }: Limits,
  asked: Effect.Effect<JsonObject, E>,
  onStatus: (message: string) => void
) {
  const began = yield* Clock.currentTimeMillis
  const answer = rawResult(yield* asked)
  const task = createdTask(connection, answer)
  if (task === undefined) return answer
  // The server has answered; from here on it is asked.
  connection.calls.setIdle(call, undefined)
  const place = { serverName: connection.server.name, toolName: call.name }
  return yield* followTask(connection, call, task, onStatus).pipe(
    Effect.mapError((error) => {
      if (error instanceof TaskLost) return outcomeUnknown(place.serverName, place.toolName, error.cause)
      if (!(error instanceof TaskFailed)) return error
      return callError(contextOf(connection, "tools/call", error), place.toolName, rpcFailure(error.error))
    }),
    Effect.timeoutOrElse({
      duration: Duration.millis(Math.max(1, totalMillis - ((yield* Clock.currentTimeMillis) - began))),
      orElse: () => Effect.fail(new ToolCallTimeout({ ...place, limit: total, limitName: "callTimeout" }))
    })
  )
})

const explain = (connection: Connection, toolName: string, { total }: Limits, error: unknown): CallError => {
  const serverName = connection.server.name
  const lost = connection.ending.reason()
  if (error instanceof Idle) {
    return new ToolCallTimeout({ serverName, toolName, limit: connection.server.idleTimeout, limitName: "idleTimeout" })
  }
  const failure = failureOf(error)
  if (failure._tag === "Timeout")
    return new ToolCallTimeout({ serverName, toolName, limit: total, limitName: "callTimeout" })
  if (failure._tag === "Closed" && lost !== undefined) return outcomeUnknown(connection.server.name, toolName, lost)
  const explained = callError(contextOf(connection, "tools/call", error), toolName, failure)
  if (explained._tag === "SessionExpired") connection.ending.lose(explained)
  return explained
}

/** What to remember of a listed tool. */
export const knownTool = (tool: McpTool, paramHeaders: KnownTool["paramHeaders"]): KnownTool => {
  const { name, outputSchema } = tool
  if (outputSchema === undefined) return { tool, violation: isSound, paramHeaders }
  let check: ((value: unknown) => string | undefined) | undefined
  const violation = (value: unknown): string | undefined => {
    if (value === undefined) return `The tool "${name}" has an output schema but sent no structured content.`
    check ??= checkOf(outputSchema)
    const violated = check(value)
    return violated === undefined
      ? undefined
      : `The structured content of "${name}" does not match its output schema: ${violated}`
  }
  return { tool, violation, paramHeaders }
}

/** A schema that cannot be compiled, or that makes its validator fail, is itself what is wrong. */
const checkOf = (schema: JsonObject) => {
  const compiled = Result.try(() => compileSchema(schema))
  return (value: unknown): string | undefined => {
    const violated = Result.flatMap(compiled, (check) => Result.try(() => check(value)))
    return Result.isSuccess(violated)
      ? violated.success
      : `the schema is not usable (${String(violated.failure).slice(0, 200)})`
  }
}
