/**
 * Tool calls that became tasks: the server has answered that it works on it, and is asked until it is done. In revision
 * 2025-11-25 ("Tasks") the result is fetched; in 2026-07-28 (extension `io.modelcontextprotocol/tasks`) it comes with the
 * state. Nothing here proves that the tool did not run.
 */
import { Duration, Effect } from "effect"
import { QuestionUnanswered } from "./callErrors.ts"
import { rawResult } from "./Channel.ts"
import { type Connection, contextOf } from "./Connection.ts"
import { serverError } from "./faults.ts"
import type { ToolCall } from "./McpClient.ts"
import type { JsonObject, McpTool } from "./McpTool.ts"
import { request, Sent } from "./request.ts"
import { requestPlain, within } from "./requestPlain.ts"
import { answerAll } from "./rounds.ts"
import { failureOf } from "./sdk.ts"
import { isJsonObject, type RpcMessage } from "./wire.ts"

/** The server ended the task with an error of its own. */
export class TaskFailed {
  readonly error: NonNullable<RpcMessage["error"]>
  constructor(error: NonNullable<RpcMessage["error"]>) {
    this.error = error
  }
}

/** What became of the task is not known. */
export class TaskLost {
  readonly cause: Error
  constructor(cause: Error) {
    this.cause = cause
  }
}

type TaskError = TaskFailed | TaskLost | QuestionUnanswered

/** The servers say how often they want to be asked; within reason. */
const pauseLimits = { minimum: Duration.millis(20), maximum: Duration.seconds(10) }
const usualPause = Duration.seconds(1)
/** So many looks in a row may fail: asking again does no harm. */
const maxFailedLooks = 3
const cancelLimit = Duration.seconds(1)

/** Whether a call of the tool has to ask for a task. A server of 2026-07-28 decides by itself. */
export const mustBeTask = ({ session }: Connection, tool: McpTool | undefined): boolean => {
  const { capabilities, era } = session.handshake
  if (era === "modern" || tool?.execution?.taskSupport !== "required") return false
  return isJsonObject(at(capabilities, ["tasks", "requests", "tools", "call"]))
}

/** The task that a call became, or nothing when the answer is its result. */
export const createdTask = ({ session }: Connection, answer: JsonObject): JsonObject | undefined => {
  const task =
    session.handshake.era === "modern" ? (answer["resultType"] === "task" ? answer : undefined) : answer["task"]
  return isJsonObject(task) && typeof task["taskId"] === "string" ? task : undefined
}

/** Follows a task to its end and answers the result of the call. Interrupting it cancels the task. */
export const followTask = (
  connection: Connection,
  call: ToolCall,
  created: JsonObject,
  onStatus: (message: string) => void
): Effect.Effect<JsonObject, TaskError> => {
  const { server, session } = connection
  const taskId = String(created["taskId"])
  const isModern = session.handshake.era === "modern"
  const answered = new Set<string>()

  const ask = (method: string, params: JsonObject) =>
    Effect.map(
      requestPlain(connection, method, { taskId, ...params }).pipe(within(server.name, method, server.connectTimeout)),
      rawResult
    )
  const look = (failed = 0): Effect.Effect<JsonObject, TaskLost> =>
    Effect.catch(ask("tasks/get", {}), (error) =>
      error._tag === "RequestRejected" || error._tag === "ConnectionClosed" || failed + 1 >= maxFailedLooks
        ? Effect.fail(new TaskLost(error))
        : Effect.andThen(Effect.sleep(usualPause), look(failed + 1))
    )
  /** Waits for the end. What the server asks meanwhile belongs to the call. */
  const fetched = Effect.matchEffect(request(connection, "tasks/result", { taskId }, { call }), {
    onSuccess: (result) => Effect.succeed(rawResult(result)),
    onFailure: (error): Effect.Effect<never, TaskError> => {
      if (!(error instanceof Sent)) return Effect.fail(new TaskLost(error))
      const failure = failureOf(error.error)
      if (failure._tag === "Rpc") return Effect.fail(new TaskFailed(failure))
      return Effect.fail(new TaskLost(serverError(contextOf(connection, "tasks/result", error.error), failure)))
    }
  })
  const answerNew = Effect.fnUntraced(function* ({ inputRequests }: JsonObject) {
    const asked = Object.entries(isJsonObject(inputRequests) ? inputRequests : {}).filter(([key]) => !answered.has(key))
    if (asked.length === 0) return
    const inputResponses = yield* answerAll(connection, "tools/call", Object.fromEntries(asked), call.respondent)
    yield* Effect.mapError(ask("tasks/update", { inputResponses }), (error) => new TaskLost(error))
    for (const [key] of asked) answered.add(key)
  })

  let told: unknown
  const tell = ({ statusMessage }: JsonObject) => {
    if (typeof statusMessage === "string" && statusMessage !== told) onStatus(statusMessage)
    told = statusMessage
  }
  const next = (task: JsonObject): Effect.Effect<JsonObject, TaskError> =>
    Effect.flatMap(Effect.andThen(Effect.sleep(pauseOf(task)), look()), follow)
  const follow = (task: JsonObject): Effect.Effect<JsonObject, TaskError> => {
    tell(task)
    switch (task["status"]) {
      case "cancelled":
        return Effect.fail(new TaskLost(new Error("the server cancelled it.")))
      case "input_required":
        return isModern ? Effect.andThen(answerNew(task), next(task)) : fetched
      case "failed":
        return isModern ? Effect.fail(new TaskFailed(errorOf(task))) : fetched
      case "completed":
        return isModern ? Effect.succeed(isJsonObject(task["result"]) ? task["result"] : {}) : fetched
      default:
        return next(task)
    }
  }
  // The server may be gone, or done; whoever gave up has no use for its answer.
  const cancel = Effect.ignore(Effect.timeoutOption(ask("tasks/cancel", {}), cancelLimit))
  return follow(created).pipe(
    Effect.tapError((error) => (error instanceof QuestionUnanswered ? cancel : Effect.void)),
    Effect.onInterrupt(() => cancel)
  )
}

const pauseOf = (task: JsonObject): Duration.Duration => {
  const wanted = task["pollIntervalMs"] ?? task["pollInterval"]
  return typeof wanted === "number" ? Duration.clamp(Duration.millis(wanted), pauseLimits) : usualPause
}

const errorOf = ({ error, statusMessage }: JsonObject): TaskFailed["error"] => {
  const { code, data, message }: JsonObject = isJsonObject(error) ? error : {}
  const text = [message, statusMessage].find((part) => typeof part === "string") ?? "the task failed"
  return { code: typeof code === "number" ? code : -32603, message: text, data }
}

const at = (value: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce((inner: unknown, key) => (isJsonObject(inner) ? inner[key] : undefined), value)
