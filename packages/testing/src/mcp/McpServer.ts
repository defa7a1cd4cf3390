/**
 * fx-mcp without its transports: takes messages, logs them, runs tools, and says which answer and which fault the transport
 * is to deliver. Calls run side by side; a cancelled call is never answered.
 */
import { type DueFault, isEarly, makeFaults, type Place } from "./faults.ts"
import type { ParsedFlags } from "./flags.ts"
import type { AppendEvent } from "./log.ts"
import { fileExists } from "./fileExists.ts"
import { dressResult, eraOf, plainMethod } from "./methods.ts"
import {
  asObject,
  asText,
  type Era,
  errorAnswer,
  errorCode,
  type Json,
  type MessageId,
  metaKey,
  RpcError,
  statelessVersion
} from "./protocol.ts"
import { InputRequired, makeQuestions, questionRequest } from "./questions.ts"
import { isOfTask, makeTasks } from "./tasks.ts"
import { makeToolList } from "./toolList.ts"
import { type Question, type ToolContext, wait } from "./tools.ts"

/** What a transport gives along with a message. */
export interface Channel {
  /** Request ids are unique within it. */
  readonly session: string
  /** Sends what belongs to this message before its answer: progress, questions, change notifications. */
  readonly send: (message: Json) => void
  /** Aborted when the client gave the request up by closing its stream. */
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, unknown>>
}

/** What a transport is to deliver. `answer` is absent for faults that come before the answer exists. */
export interface Outgoing {
  readonly method: string
  readonly answer: Json | undefined
  readonly fault: DueFault | undefined
}

/** How the process around the server behaves. */
export interface Surroundings {
  readonly flags: ParsedFlags
  readonly log: AppendEvent
  /** Number of this start, from 1, counted across processes when the flags name a file. */
  readonly startNumber: number | undefined
  readonly exit: (code: number) => void
  readonly die: (signal: NodeJS.Signals) => void
}

/** The server of one process. */
export type McpServer = ReturnType<typeof makeMcpServer>

/** Makes the server; throws `FlagError` when tools or faults make no sense. */
export const makeMcpServer = (surroundings: Surroundings) => {
  const { flags, log } = surroundings
  const tools = makeToolList(flags)
  const nextFault = makeFaults(flags)
  const questions = makeQuestions()
  const tasks = makeTasks(log)
  const running = new Map<string, AbortController>()
  const listeners = new Set<Listener>()
  const subscribed = new Set<string>()
  // The parser allows only the names of questions.
  const asked = flags.ask as Question | undefined
  let handshakes = 0
  let active = 0
  let answeredCalls = 0

  const announce = (what: "tools" | "prompts" | "resources" | { readonly uri: string }) => {
    const isList = typeof what === "string"
    const method = isList ? `notifications/${what}/list_changed` : "notifications/resources/updated"
    for (const { send, wants } of listeners) {
      if (isList ? wants.lists(what) : wants.resource(what.uri))
        send({ jsonrpc: "2.0", method, ...(isList ? {} : { params: { uri: what.uri } }) })
    }
  }
  const addTool = () => {
    if (tools.add()) announce("tools")
  }

  const handshake = async (method: string, params: Json, era: Era, signal: AbortSignal): Promise<Json> => {
    handshakes += 1
    const capabilities = params["capabilities"] ?? asObject(params["_meta"])[metaKey.clientCapabilities]
    log("initialize", {
      method,
      version: asText(params["protocolVersion"], statelessVersion),
      ...(capabilities === undefined ? {} : { capabilities })
    })
    if (flags.initDelay !== undefined) await wait(flags.initDelay, { signal })
    const limit = flags.failInit === "always" ? Infinity : Number(flags.failInit ?? 0)
    const attempt = surroundings.startNumber ?? handshakes
    if (attempt <= limit) {
      if (flags.failInitBy === "exit") surroundings.exit(1)
      throw new RpcError(errorCode.internal, `fx-mcp fails attempt ${attempt} to initialize on purpose.`)
    }
    return plainMethod(method, params, era, flags)
  }

  const askOn =
    (channel: Channel) =>
    (question: Question, signal: AbortSignal): Promise<unknown> =>
      questions.send(question, channel.send, signal)

  const ofTask = (id: MessageId, method: string, params: Json, era: Era, channel: Channel): Json | Promise<Json> => {
    if (method !== "tools/call") return tasks.handle(method, params, era, askOn(channel))
    // Over HTTP the stream of the call ends with the task's creation.
    const rest = channel.headers === undefined ? channel : { ...channel, send: () => undefined }
    return tasks.start(era, (signal, ask) => call(id, params, era, rest, signal, ask))
  }

  const call = async (
    id: MessageId,
    params: Json,
    era: Era,
    channel: Channel,
    signal: AbortSignal,
    askByTask?: (question: Question) => Promise<unknown>
  ): Promise<Json> => {
    const tool = tools.find(String(params["name"]))
    const input = asObject(params["arguments"])
    const token = asObject(params["_meta"])["progressToken"]
    const progress = (done: number, total: number) => {
      if (token === undefined) return
      const report = { progressToken: token, progress: done, total, message: `step ${done} of ${total}` }
      channel.send({ jsonrpc: "2.0", method: "notifications/progress", params: report })
    }
    const responses = asObject(params["inputResponses"])
    let questionCount = 0
    const ask = (question: Question): Promise<unknown> => {
      if (askByTask !== undefined) return askByTask(question)
      if (era === "2025") return questions.send(question, channel.send, signal)
      questionCount += 1
      const key = `ask-${questionCount}`
      if (responses[key] !== undefined) return Promise.resolve(responses[key])
      return Promise.reject(new InputRequired(key, questionRequest(question)))
    }
    const say = (level: string, data: unknown) => {
      // In the stateless revision each request says whether it wants logs.
      if (era === "2026" && asObject(params["_meta"])[metaKey.logLevel] === undefined) return
      channel.send({ jsonrpc: "2.0", method: "notifications/message", params: { level, logger: tool.name, data } })
    }
    const context: ToolContext = { signal, progress, ask, say, addTool, announce, die: surroundings.die }
    active += 1
    log("call_start", { id, tool: tool.name, arguments: params["arguments"], active })
    let outcome = "failed"
    try {
      if (flags.callDelay !== undefined) await wait(flags.callDelay, { signal })
      for (let step = 1; step <= (flags.progress ?? 0); step++) progress(step, flags.progress ?? 0)
      // The stateless revision has no ping.
      if (asked !== undefined && !(era === "2026" && asked === "ping")) await ask(asked)
      const result = await tool.run(input, context)
      outcome = "answered"
      return result
    } finally {
      active -= 1
      log("call_end", { id, tool: tool.name, outcome: signal.aborted ? "cancelled" : outcome })
    }
  }

  const listen = (id: MessageId, params: Json, channel: Channel, signal: AbortSignal): Promise<Json> =>
    new Promise((_, reject) => {
      const wanted = asObject(params["notifications"])
      const uris: ReadonlyArray<unknown> = Array.isArray(wanted["resourceSubscriptions"])
        ? wanted["resourceSubscriptions"]
        : []
      const lists = (["tools", "prompts", "resources"] as const).filter((kind) => wanted[`${kind}ListChanged`] === true)
      const honoured = {
        ...Object.fromEntries(lists.map((kind) => [`${kind}ListChanged`, true])),
        ...(uris.length === 0 ? {} : { resourceSubscriptions: uris })
      }
      const stamp = { _meta: { [metaKey.subscriptionId]: id } }
      const send = (message: Json) => channel.send({ ...message, params: { ...asObject(message["params"]), ...stamp } })
      send({ jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged", params: { notifications: honoured } })
      const wants = {
        lists: (kind: string) => lists.some((list) => list === kind),
        resource: (uri: string) => uris.includes(uri)
      }
      const listener = { send, wants }
      listeners.add(listener)
      signal.addEventListener("abort", () => {
        listeners.delete(listener)
        reject(new Error("The subscription has ended."))
      })
    })

  const subscribe = (method: string, params: Json, era: Era): Json => {
    const uri = String(params["uri"])
    if (era === "2026" || flags.onlyTools) throw new RpcError(errorCode.methodNotFound, `Method not found: ${method}`)
    if (method === "resources/subscribe") subscribed.add(uri)
    else subscribed.delete(uri)
    return {}
  }

  const delays = new Map([
    ["tools/list", flags.listDelay],
    ["resources/read", flags.readDelay]
  ])

  const run = async (
    id: MessageId,
    method: string,
    params: Json,
    channel: Channel,
    signal: AbortSignal
  ): Promise<Json> => {
    const era = eraOf(method, params, flags)
    const result = async (): Promise<Json> => {
      if (isOfTask(method, params, era, flags)) return ofTask(id, method, params, era, channel)
      if (method === "tools/call") return call(id, params, era, channel, signal)
      if (method === "subscriptions/listen" && era === "2026") return listen(id, params, channel, signal)
      if (placeOf(method) === "initialize") return handshake(method, params, era, signal)
      if (method === "resources/subscribe" || method === "resources/unsubscribe") return subscribe(method, params, era)
      const delay = delays.get(method)
      if (delay !== undefined) await wait(delay, { signal })
      return method === "tools/list" ? tools.page(params["cursor"]) : plainMethod(method, params, era, flags)
    }
    return dressResult(method, await result(), era, flags)
  }

  const faultFor = (method: string, tool: string | undefined): DueFault | undefined => {
    const place = placeOf(method)
    return place === undefined ? undefined : nextFault(place, tool)
  }

  const request = async (message: Json, channel: Channel): Promise<Outgoing | undefined> => {
    const id = readId(message)
    const method = String(message["method"])
    const params = asObject(message["params"])
    const tool = toolOf(method, params)
    log("request", { method, id, ...tool, ...metaOf(params), ...headersOf(channel) })
    const fault = faultFor(method, tool.tool)
    if (fault !== undefined && isEarly(fault)) return { method, answer: undefined, fault }
    const key = keyOf(channel, id)
    const stop = new AbortController()
    running.set(key, stop)
    const signal = channel.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, channel.signal])
    try {
      const result = await underFault(fault, signal, () => run(id, method, params, channel, signal))
      return { method, answer: { jsonrpc: "2.0", id, result }, fault }
    } catch (cause) {
      const isCancelled = signal.aborted && !(cause instanceof InputRequired)
      if (!isCancelled) return { method, answer: answerToFailure(id, cause), fault }
      if (!stop.signal.aborted) log("cancelled", { id, method, ...tool })
      return undefined
    } finally {
      running.delete(key)
    }
  }

  const notification = (message: Json, channel: Channel): void => {
    const method = String(message["method"])
    const params = asObject(message["params"])
    if (method !== "notifications/cancelled") return log("notification", { method, ...headersOf(channel) })
    const id = params["requestId"] as MessageId // anything else finds no running request
    log("cancelled", { method, id, ...headersOf(channel) })
    running.get(keyOf(channel, id))?.abort()
  }

  return {
    flags,
    log,
    surroundings,
    /** Resolves with what to deliver for a request, with nothing for everything else. */
    receive: async (message: unknown, channel: Channel): Promise<Outgoing | undefined> => {
      const object = asObject(message)
      if (typeof object["method"] !== "string") {
        log("response", { id: object["id"] as MessageId, arguments: object["result"] ?? object["error"] })
        questions.receive(object)
        return undefined
      }
      if (object["id"] !== undefined) return request(object, channel)
      notification(object, channel)
      return undefined
    },
    /** Receives change notifications until the returned function is called. */
    subscribe: (send: (message: Json) => void): (() => void) => {
      // Those who shook hands hear of every list, and of the resources that somebody subscribed to.
      const listener = { send, wants: { lists: () => true, resource: (uri: string) => subscribed.has(uri) } }
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** To be called when an answer is on its way: later faults count answered calls. */
    answered: (method: string): void => {
      if (method !== "tools/call") return
      answeredCalls += 1
      if (answeredCalls === flags.listChangedAfter) addTool()
      if (answeredCalls !== flags.crashAfter) return
      if (flags.crashSignal === undefined) surroundings.exit(flags.crashCode ?? 1)
      // An unknown name makes `process.kill` fail with a clear text.
      else surroundings.die(flags.crashSignal as NodeJS.Signals)
    }
  }
}

/** The result of a request, unless a fault replaces it, and when a fault lets it go. */
const underFault = async (
  fault: DueFault | undefined,
  signal: AbortSignal,
  run: () => Promise<Json>
): Promise<Json> => {
  if (fault?.kind === "error") return {}
  const result = await run()
  if (fault?.kind === "hold") await fileExists(asText(fault.value), signal)
  return result
}

interface Listener {
  readonly send: (message: Json) => void
  readonly wants: { readonly lists: (kind: string) => boolean; readonly resource: (uri: string) => boolean }
}

const placeOf = (method: string): Place | undefined => {
  switch (method) {
    case "initialize":
    case "server/discover":
      return "initialize"
    case "tools/list":
      return "list"
    case "tools/call":
      return "call"
    default:
      return undefined
  }
}

/** A question to the user is no error: the client is to call again with the answer. */
const answerToFailure = (id: MessageId, cause: unknown): Json => {
  if (cause instanceof InputRequired) return { jsonrpc: "2.0", id, result: cause.result }
  return errorAnswer(id, cause instanceof RpcError ? cause : new RpcError(errorCode.internal, String(cause)))
}

/** What the log says of a tool call. */
const toolOf = (method: string, params: Json): { readonly tool?: string; readonly arguments?: unknown } =>
  method === "tools/call" ? { tool: String(params["name"]), arguments: params["arguments"] } : {}

const readId = (message: Json): MessageId => {
  const id = message["id"]
  return typeof id === "string" || typeof id === "number" ? id : String(id)
}

// Ids 1 and "1" are different requests.
const keyOf = (channel: Channel, id: MessageId): string => `${channel.session} ${typeof id} ${id}`

const metaOf = (params: Json): { readonly meta?: unknown } =>
  params["_meta"] === undefined ? {} : { meta: params["_meta"] }

const headersOf = (channel: Channel) => (channel.headers === undefined ? {} : { headers: channel.headers })
