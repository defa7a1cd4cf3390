/**
 * A server out of a cassette: it answers what it is asked with what the server answered then, and says by itself what that
 * said. What was said because of a request is said again when that request has come; what belongs to a later turn waits for it.
 */
import { entriesOf, type EntryOf, firstDifference, type Player } from "@signalbox/conversation/replay"
import type { RpcMessage, ServerTransport } from "@signalbox/mcp"
import { Predicate } from "effect"

type Recorded = EntryOf<"message">

/** A message of the cassette, and what has to have happened before it is said. */
interface Line {
  readonly entry: Recorded
  readonly message: RpcMessage
  /** The line that it answers or belongs to; nothing where it came by itself. */
  readonly cause: Line | undefined
  /** Replies of ours without which the server would not have gone on. */
  readonly needs: ReadonlyArray<Line>
  /** A request of ours that has come again, with its id of now; or a line that has been said. */
  done: boolean
  liveId: RpcMessage["id"]
  liveToken: unknown
  /** Where it is said. */
  at: ServerTransport | undefined
}

/** How a connection went that was asked for. */
export type Course =
  | { readonly _tag: "Ready" | "Hanging"; readonly link: number }
  | { readonly _tag: "Failed"; readonly reason: string }

/** One server of a cassette. */
export interface PlayedPeer {
  /** How the next connection goes; `undefined` where the recording knows of none. */
  readonly nextCourse: () => Course | undefined
  /** Whether the server spoke the newest revision. */
  readonly isModern: (link: number) => boolean
  readonly serve: (link: number) => (transport: ServerTransport) => Promise<unknown>
  /** Why the server went away, as it was written down. */
  readonly lostBy: (link: number) => unknown
  /** Whether everything has been said that belongs to this turn and those before, and needs no call. */
  readonly isSettled: () => boolean
}

/** What may be asked as often as one likes: the last answer is given again. */
const isRepeatable = (method: string): boolean =>
  /^(initialize|server\/discover|logging\/setLevel|resources\/(un)?subscribe)$|\/(list|get|listen)$/.test(method)

const isRequest = ({ id, method }: RpcMessage): boolean => method !== undefined && id !== undefined && id !== null
const isAnswer = ({ id, method }: RpcMessage): boolean => method === undefined && id !== undefined && id !== null
const isPing = ({ method }: RpcMessage): boolean => method === "ping"

const metaOf = (params: unknown): Readonly<Record<string, unknown>> => {
  const meta = Predicate.hasProperty(params, "_meta") ? params["_meta"] : undefined
  return Predicate.isObject(meta) ? { ...meta } : {}
}

const tokenOf = ({ params }: RpcMessage): unknown => metaOf(params)["progressToken"]

/** What is asked, without what only tells one request from another. */
const asked = ({ method, params }: RpcMessage): unknown => {
  const { _meta: _, ...rest } = { ...params }
  if (method === "initialize" || method === "server/discover") return { method }
  return { method, params: rest }
}

const linesOf = (entries: ReadonlyArray<Recorded>): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  for (const entry of entries) {
    // It was one when it passed.
    const message = entry.message as RpcMessage
    const cause = entry.way === "in" ? causeOf(lines, message) : undefined
    const needs =
      cause === undefined
        ? []
        : lines.filter(
            (line) =>
              line.entry.way === "out" &&
              isAnswer(line.message) &&
              lines.some(
                (question) =>
                  question.cause === cause && isRequest(question.message) && question.message.id === line.message.id
              )
          )
    lines.push({ entry, message, cause, needs, done: false, liveId: undefined, liveToken: undefined, at: undefined })
  }
  return lines
}

/** The request of ours that a message is about. */
const causeOf = (before: ReadonlyArray<Line>, message: RpcMessage): Line | undefined => {
  const requests = before.filter((line) => line.entry.way === "out" && isRequest(line.message) && !isPing(line.message))
  if (isAnswer(message))
    return before.findLast(({ entry, message: { id } }) => entry.way === "out" && id === message.id)
  if (message.method === "notifications/progress") {
    const token = message.params?.["progressToken"]
    return requests.findLast((line) => tokenOf(line.message) === token)
  }
  const isOpen = (line: Line) => !before.some((answer) => answer.cause === line && isAnswer(answer.message))
  // What comes while a request waits is most likely about it.
  return requests.findLast(isOpen) ?? requests.at(-1)
}

const isToolCall = (line: Line | undefined): boolean => line?.message.method === "tools/call"

/** As it is said now: to the request as it is called now. */
const liveMessage = ({ cause, message }: Line): RpcMessage => {
  if (isAnswer(message)) return { ...message, id: cause?.liveId }
  if (message.method !== "notifications/progress") return message
  return { ...message, params: { ...message.params, progressToken: cause?.liveToken } }
}

/** Makes a server of all connections to it. */
export const makePlayedPeer = (player: Player, peer: string): PlayedPeer => {
  const { cassette, mask } = player
  const messages = entriesOf(cassette, "message").filter((entry) => entry.peer === peer)
  const states = entriesOf(cassette, "link").filter((entry) => entry.peer === peer)
  const links = new Map(
    [...new Set(messages.map(({ link }) => link))].map(
      (link) => [link, linesOf(messages.filter((entry) => entry.link === link))] as const
    )
  )
  const all = [...links.values()].flat()
  const courses = coursesOf(states)
  let connections = 0
  const transports = new Map<number, ServerTransport>()

  /** Said when its cause has come, its turn too, and what came before it of the same cause. */
  const isDue = (line: Line): boolean => {
    if (line.entry.way !== "in" || line.done || isPing(line.message)) return false
    if (line.cause !== undefined && (!line.cause.done || line.cause.liveId === undefined)) return false
    if (line.needs.some(({ done }) => !done)) return false
    return isToolCall(line.cause) || line.entry.turn <= player.openedTurn()
  }

  const say = (line: Line) => {
    line.done = true
    const transport = line.cause?.at ?? transports.get(line.entry.link)
    // A client that is gone does not want to hear it.
    void transport?.send(liveMessage(line)).catch(() => undefined)
  }

  const release = () => {
    for (const line of all) if (isDue(line)) say(line)
    for (const [link, transport] of transports) if (isLost(link)) void transport.close()
  }
  player.onOpened(release)

  const lostOf = (link: number) => states.find((entry) => entry.link === link && entry.state === "lost")

  /** The server went away then, after all that it said. */
  const isLost = (link: number): boolean => {
    const lost = lostOf(link)
    const lines = links.get(link) ?? []
    return (
      lost !== undefined &&
      lost.turn <= player.openedTurn() &&
      lines.every((line) => line.done || isPing(line.message) || (line.entry.way === "out" && !isRequest(line.message)))
    )
  }

  const find = (link: number, message: RpcMessage): Line | undefined => {
    const now = mask.json(asked(message))
    const own = links.get(link) ?? []
    const candidates = [...own, ...all.filter((line) => !own.includes(line))].filter(
      (line) => line.entry.way === "out" && isRequest(line.message) && line.message.method === message.method
    )
    const isSame = (line: Line) => firstDifference(asked(line.message), now) === undefined
    const exact = candidates.find((line) => !line.done && isSame(line))
    if (exact !== undefined || player.isLive()) return exact
    if (isRepeatable(message.method ?? "")) return candidates.findLast(isSame) ?? candidates.at(-1)
    return nearest(candidates, message, now)
  }

  /** What was asked of the same name instead, if anything was: a difference in any case. */
  const nearest = (candidates: ReadonlyArray<Line>, message: RpcMessage, now: unknown): Line | undefined => {
    const near = candidates.find((line) => !line.done && nameOf(line.message) === nameOf(message))
    const subject = `the request ${message.method} ${nameOf(message)}`.trimEnd().concat(` to ${peer}`)
    const kind = message.method === "tools/call" ? ("tool" as const) : ("request" as const)
    const difference =
      near === undefined
        ? { path: "", now, subject: `${subject}, which the recording does not have,` }
        : { ...firstDifference(asked(near.message), now), subject }
    if (near === undefined && isBehindEnd(message)) return undefined
    if ("path" in difference) player.differ({ kind, path: "", ...difference })
    return near
  }

  /** The recording ends before this was asked: nobody knows the answer. */
  const isBehindEnd = ({ method }: RpcMessage): boolean =>
    method === "tools/call" ? player.isInCutTurn() : player.isNearCut()

  const answerOf = (line: Line): Line | undefined =>
    all.find((answer) => answer.cause === line && isAnswer(answer.message))

  const receive = (link: number, transport: ServerTransport, message: RpcMessage) => {
    if (isAnswer(message)) return replied(link, message)
    if (!isRequest(message)) return
    if (isPing(message)) return void transport.send({ jsonrpc: "2.0", id: message.id, result: {} })
    const line = find(link, message)
    if (line === undefined) {
      if (isBehindEnd(message)) return player.exhaust()
      return void transport.send(notRecorded(message))
    }
    const again = line.done ? answerOf(line)?.message : undefined
    if (again !== undefined) return void transport.send({ ...again, id: message.id })
    if (answerOf(line) === undefined) player.exhaust()
    Object.assign(line, { done: true, liveId: message.id, liveToken: tokenOf(message), at: transport })
    release()
  }

  const replied = (link: number, message: RpcMessage) => {
    const line = all.find(
      (known) =>
        known.entry.way === "out" &&
        !known.done &&
        isAnswer(known.message) &&
        known.message.id === message.id &&
        known.entry.link === link
    )
    if (line === undefined) return
    line.done = true
    release()
  }

  return {
    nextCourse: () => {
      const course = courses[connections] ?? courses.findLast(({ _tag }) => _tag === "Ready") ?? courses.at(-1)
      connections += 1
      return course
    },
    isModern: (link) => {
      const discover = (links.get(link) ?? []).find(({ message }) => message.method === "server/discover")
      return discover !== undefined && answerOf(discover)?.message.result !== undefined
    },
    serve: (link) => (transport) => {
      transports.set(link, transport)
      Object.assign(transport, {
        onmessage: (message: RpcMessage) => receive(link, transport, message),
        onclose: () => void transports.delete(link)
      })
      return transport.start().then(release)
    },
    lostBy: (link) => lostOf(link)?.error,
    isSettled: () =>
      [...transports.keys()].every((link) =>
        (links.get(link) ?? []).every(
          (line) =>
            line.entry.way === "out" ||
            line.done ||
            isPing(line.message) ||
            isToolCall(line.cause) ||
            line.entry.turn > player.openedTurn()
        )
      )
  }
}

const nameOf = ({ params }: RpcMessage): string => [params?.["name"], params?.["uri"]].find(Predicate.isString) ?? ""

const notRecorded = ({ id }: RpcMessage): RpcMessage => ({
  jsonrpc: "2.0",
  id,
  error: { code: -32000, message: "The recording has no such request." }
})

const coursesOf = (states: ReadonlyArray<EntryOf<"link">>): ReadonlyArray<Course> => {
  const courses = states.flatMap(({ link, reason = "it could not be started", state }): ReadonlyArray<Course> => {
    if (state === "ready") return [{ _tag: "Ready", link }]
    return state === "failed" ? [{ _tag: "Failed", reason }] : []
  })
  const last = states.at(-1)
  // One that was still being made when the recording ended.
  return last?.state === "opened" ? [...courses, { _tag: "Hanging", link: last.link }] : courses
}
