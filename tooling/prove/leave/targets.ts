/**
 * What may be going on for a client when it leaves, and by what the outside knows that it began and that it is over.
 */
import type { FxMcpEvent, SeenRequest } from "@signalbox/testing"
import { type Api, apis, type Form, forms } from "../upstream/cases.ts"
import { type Surroundings, logOf } from "./servers.ts"

export { apis, forms }

/** How a client leaves. */
export type Leaving = (leaving: AbortController) => void

type ReadLog = (file: string) => ReadonlyArray<FxMcpEvent>

/** Something that goes on. */
export interface Target {
  readonly name: string
  /** Numbers from here are about it; the script of the upstream tells them apart. */
  readonly first: number
  readonly model: string
  /** Without tools of the server, a request of the Messages API is handed on byte for byte. */
  readonly isHandedOn: boolean
  readonly hasBegun: (servers: Surroundings, text: string, readLog: ReadLog) => boolean
  /** In milliseconds since 1970. */
  readonly endedAt: (servers: Surroundings, text: string, readLog: ReadLog) => number | undefined
}

/** What one client asks. */
export interface Asked {
  readonly target: Target
  readonly api: Api
  readonly form: Form
  readonly number: number
}

/** Each target has a million numbers; the first digit is its own. */
const million = 1_000_000

const requestFor = ({ fxLlm }: Surroundings, text: string): SeenRequest | undefined =>
  fxLlm.requests.find(({ lastUserText }) => lastUserText === text)

const answer = (digit: number, name: string, model: string, isHandedOn = false): Target => ({
  name,
  first: digit * million,
  model,
  isHandedOn,
  hasBegun: (servers, text) => requestFor(servers, text)?.isHeld === true,
  endedAt: (servers, text) => {
    const request = requestFor(servers, text)
    return request?.outcome === "closed_by_client" ? request.endedAt : undefined
  }
})

const hasNumber = ({ arguments: input }: FxMcpEvent, text: string): boolean =>
  typeof input === "object" && input !== null && "milliseconds" in input && String(input.milliseconds) === text

/** The events of a call, which is known by how long it would take. */
const eventsOf = (log: ReadonlyArray<FxMcpEvent>, text: string) => {
  const start = log.find((event) => event.event === "call_start" && hasNumber(event, text))
  if (start === undefined) return undefined
  const own = log.filter(({ pid }) => pid === start.pid)
  const of = (kind: FxMcpEvent["event"]) => own.find(({ event, id }) => event === kind && id === start.id)
  return { start, told: of("cancelled"), end: of("call_end"), exit: own.find(({ event }) => event === "exit") }
}

const call = (
  digit: number,
  server: "stdio" | "http" | "own",
  isOver: (...ends: ReadonlyArray<number>) => number
): Target => ({
  name: `a call over ${server}`,
  first: digit * million,
  model: "claude-any",
  isHandedOn: false,
  hasBegun: (servers, text, readLog) => eventsOf(readLog(logOf(servers, server)), text) !== undefined,
  endedAt: (servers, text, readLog) => {
    const events = eventsOf(readLog(logOf(servers, server)), text)
    const ends = server === "own" ? [events?.exit] : [events?.told, events?.end]
    const times = ends.flatMap((event) => event?.at ?? [])
    return times.length === ends.length ? isOver(...times) : undefined
  }
})

const command: Target = {
  name: "a command of Bash",
  first: 8 * million,
  model: "claude-any",
  isHandedOn: false,
  hasBegun: ({ commands }, text) => commands.hasBegun(text),
  endedAt: ({ commands }, text) => commands.endedAt(text)
}

/** All of them. */
export const targets: ReadonlyArray<Target> = [
  answer(1, "an answer of Messages", "claude-any"),
  answer(2, "an answer handed on", "claude-any", true),
  answer(3, "an answer of Chat", "openai/any"),
  answer(4, "a wait for an answer", "claude-any"),
  call(5, "stdio", Math.max),
  call(6, "http", Math.max),
  call(7, "own", Math.max),
  command
]

const paths: Readonly<Record<Api, string>> = {
  messages: "/v1/messages",
  chat: "/v1/chat/completions",
  responses: "/v1/responses"
}

/** The request of a client. */
export const requestOf = ({ api, form, number, target: { isHandedOn, model } }: Asked) => {
  const messages = [{ role: "user", content: String(number) }]
  const body = {
    model,
    stream: form === "streamed",
    ...(api === "responses" ? { input: String(number) } : { messages })
  }
  return {
    path: paths[api],
    headers: { "content-type": "application/json", ...(isHandedOn ? { "x-tool-execution": "passthrough" } : {}) },
    body: JSON.stringify(api === "messages" ? { ...body, max_tokens: 100 } : body)
  }
}
