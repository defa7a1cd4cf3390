/**
 * Calls of tools as tasks. In the handshake era (utility of 2025-11-25) the client wants one by `task`; in the stateless
 * one (extension io.modelcontextprotocol/tasks) the server decides, for clients that declare the extension.
 */
import type { ParsedFlags } from "./flags.ts"
import type { AppendEvent } from "./log.ts"
import { asObject, type Era, errorCode, type Json, metaKey, RpcError } from "./protocol.ts"
import { questionRequest } from "./questions.ts"
import type { Question } from "./tools.ts"

/** The name of the extension in the stateless era. */
export const tasksExtension = "io.modelcontextprotocol/tasks"

/** Asks the client over the stream of a request, as the handshake era does it. */
export type AskOnStream = (question: Question, signal: AbortSignal) => Promise<unknown>

/** How a call is run: when its signal says so it stops, and `ask` asks the client back. */
type RunCall = (signal: AbortSignal, ask: (question: Question) => Promise<unknown>) => Promise<Json>

interface Task {
  readonly id: string
  readonly createdAt: string
  readonly stop: AbortController
  status: "working" | "input_required" | "completed" | "failed" | "cancelled"
  result?: Json
  error?: RpcError
  /** Answers to questions that the client has yet to give, by their keys. */
  readonly open: Map<string, { readonly request: Json; readonly resolve: (answer: unknown) => void }>
  /** Questions that wait for a stream to be asked on. */
  readonly unasked: Array<(ask: AskOnStream) => void>
  readonly ended: Promise<void>
}

const pollMillis = 20

/** Whether a request is about a task; a call is when it is to become one. */
export const isOfTask = (method: string, params: Json, era: Era, { tasks }: ParsedFlags): boolean => {
  if (tasks === undefined) return false
  if (method !== "tools/call") return method.startsWith("tasks/")
  if (wantsTask(params, era)) return true
  if (tasks === "optional") return false
  throw new RpcError(errorCode.methodNotFound, "This tool has to be called as a task.")
}

/** The client has said that it can follow one. */
const wantsTask = (params: Json, era: Era): boolean => {
  if (era === "2025") return params["task"] !== undefined
  const capabilities = asObject(asObject(params["_meta"])[metaKey.clientCapabilities])
  return asObject(capabilities["extensions"])[tasksExtension] !== undefined
}

/** The tasks of one server. */
export const makeTasks = (log: AppendEvent) => {
  const tasks = new Map<string, Task>()

  const find = ({ taskId }: Json): Task => {
    const task = tasks.get(String(taskId))
    if (task === undefined) throw new RpcError(errorCode.invalidParams, `Unknown task: ${String(taskId)}`)
    return task
  }
  const cancel = (task: Task) => {
    if (isOver(task)) throw new RpcError(errorCode.invalidParams, "The task is over.")
    task.status = "cancelled"
    task.stop.abort()
  }
  const asker =
    (era: Era, task: () => Task) =>
    (question: Question): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const { open, stop, unasked } = task()
        const settle = (answer: unknown) => {
          if (task().status === "input_required") task().status = "working"
          resolve(answer)
        }
        stop.signal.addEventListener("abort", () => reject(new Error("The task was cancelled.")), { once: true })
        task().status = "input_required"
        if (era === "2025") unasked.push((ask) => void ask(question, stop.signal).then(settle, reject))
        else open.set(`ask-${open.size + 1}`, { request: questionRequest(question), resolve: settle })
      })

  const start = (era: Era, run: RunCall): Json => {
    const stop = new AbortController()
    const task: Task = {
      id: `task-${tasks.size + 1}`,
      createdAt: new Date().toISOString(),
      stop,
      status: "working",
      open: new Map(),
      unasked: [],
      ended: Promise.resolve()
        .then(() =>
          run(
            stop.signal,
            asker(era, () => task)
          )
        )
        .then(
          (result) => {
            if (isOver(task)) return
            task.result = result
            task.status = era === "2025" && result["isError"] === true ? "failed" : "completed"
          },
          (cause: unknown) => {
            if (isOver(task)) return
            task.error = cause instanceof RpcError ? cause : new RpcError(errorCode.internal, String(cause))
            task.status = "failed"
          }
        )
    }
    tasks.set(task.id, task)
    log("task", { taskId: task.id })
    return era === "2025" ? { task: shown(task) } : { resultType: "task", ...detailed(task) }
  }

  /** Waits for the end; what the call asks meanwhile is asked on the stream of this request. */
  const resultOf = async (task: Task, ask: AskOnStream): Promise<Json> => {
    const serve = setInterval(() => task.unasked.splice(0).forEach((put) => put(ask)), pollMillis)
    await task.ended.finally(() => clearInterval(serve))
    if (task.error !== undefined) throw task.error
    return { ...task.result, _meta: { "io.modelcontextprotocol/related-task": { taskId: task.id } } }
  }

  const update = (task: Task, params: Json): Json => {
    for (const [key, answer] of Object.entries(asObject(params["inputResponses"]))) {
      task.open.get(key)?.resolve(answer)
      task.open.delete(key)
    }
    return {}
  }

  return {
    start,
    /** Answers a method of tasks. */
    handle: (method: string, params: Json, era: Era, ask: AskOnStream): Json | Promise<Json> => {
      const is2025 = era === "2025"
      if (method === "tasks/get") return is2025 ? shown(find(params)) : detailed(find(params))
      if (method === "tasks/result" && is2025) return resultOf(find(params), ask)
      if (method === "tasks/update" && !is2025) return update(find(params), params)
      if (method !== "tasks/cancel") throw new RpcError(errorCode.methodNotFound, `Method not found: ${method}`)
      cancel(find(params))
      return is2025 ? shown(find(params)) : {}
    }
  }
}

const isOver = ({ status }: Task): boolean => ["cancelled", "completed", "failed"].includes(status)

const shown = ({ createdAt, id, status }: Task): Json => ({
  taskId: id,
  status,
  createdAt,
  lastUpdatedAt: new Date().toISOString(),
  ttl: 60_000,
  pollInterval: pollMillis
})

const detailed = (task: Task): Json => ({
  taskId: task.id,
  status: task.status,
  createdAt: task.createdAt,
  lastUpdatedAt: new Date().toISOString(),
  ttlMs: 60_000,
  pollIntervalMs: pollMillis,
  ...(task.status === "input_required"
    ? { inputRequests: Object.fromEntries([...task.open].map(([key, { request }]) => [key, request])) }
    : {}),
  ...(task.status === "completed" ? { result: { resultType: "complete", ...task.result } } : {}),
  ...(task.status === "failed" ? { error: { code: task.error?.code, message: task.error?.message } } : {})
})
