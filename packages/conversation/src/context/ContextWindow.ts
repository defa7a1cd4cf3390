/**
 * What a model takes at once, and a request made to fit: instructions and tools stay as they are, the oldest messages go.
 * Nothing is counted as long as the length alone says that it fits: counting loads a vocabulary.
 */
import type { Message, ModelRequest } from "@signalbox/model"
import { Effect } from "effect"
import { trimMessages } from "./trimMessages.ts"

/** How much a model takes, and how that is counted. */
export interface ContextWindowOptions {
  /** Tokens that a model takes in all, its answer included. Asked with the name in the request, which may be empty. */
  readonly tokensFor: (model: string) => number
  /** Tokens that are kept free for the answer; at most half of the window is. */
  readonly reserve: number
  /** So many of the newest messages stay, whatever has to go before them. */
  readonly preserveRecent: number
  /** An estimate that is rather too high. `TokenCounter` of `@signalbox/model/tokens` has one. */
  readonly countTokens: (request: ModelRequest) => Effect.Effect<number>
}

/** A request that fits, and what there is to say about it. */
export interface FittedRequest {
  readonly request: ModelRequest
  readonly leftOut: number
  /** The place among the messages of the one that made the cut move; see `TrimmedMessages`. */
  readonly movedAt: number | undefined
  /** `false` where instructions, tools and the last question are too much already. */
  readonly fits: boolean
}

/** What a model says that refused a request for its length, in its own tokens. */
export interface WindowRefusal {
  /** What it takes. */
  readonly limit: number
  /** What the request had. */
  readonly asked?: number
}

/** The window of a conversation's models. */
export interface ContextWindow {
  readonly fit: (request: ModelRequest) => Effect.Effect<FittedRequest>
  /** The share of the room for messages that they fill: above 1 they do not fit. */
  readonly fill: (request: ModelRequest) => Effect.Effect<number>
  /** Counts each message, so that it can be asked at once. */
  readonly count: (request: ModelRequest) => Effect.Effect<(message: Message) => number>
  /** So many of the newest messages stay in any case. */
  readonly preserveRecent: number
  /** Takes note of a refusal. Answers whether the request would be made smaller for it. */
  readonly learn: (request: ModelRequest, refusal: WindowRefusal) => Effect.Effect<boolean>
  /** Tokens for messages, where the request has its instructions and tools. */
  readonly room: (request: ModelRequest) => Effect.Effect<number>
}

/** No script that people write in has more tokens for a character, margins included. */
const mostTokensPerCharacter = 2

const isSmall = ({ messages, system, tools }: ModelRequest, room: number): boolean =>
  JSON.stringify([messages, system, tools]).length * mostTokensPerCharacter <= room

/** Makes one. It remembers what messages it has counted, for as long as somebody holds them, and what models have refused. */
export const makeContextWindow = (options: ContextWindowOptions): ContextWindow => {
  const { countTokens, preserveRecent, reserve, tokensFor } = options
  const counted = new WeakMap<Message, number>()

  const learned = new Map<string, number>()

  const total = ({ model }: ModelRequest): number => {
    const tokens = learned.get(model) ?? tokensFor(model)
    return tokens - Math.min(reserve, Math.floor(tokens / 2))
  }

  const count = Effect.fnUntraced(function* (request: ModelRequest) {
    for (const message of request.messages) {
      if (counted.has(message)) continue
      counted.set(message, yield* countTokens({ ...request, system: [], tools: [], messages: [message] }))
    }
    return (message: Message): number => counted.get(message) ?? 0
  })

  const room = (request: ModelRequest) =>
    Effect.map(countTokens({ ...request, messages: [] }), (fixed) => total(request) - fixed)

  const fit = Effect.fnUntraced(function* (request: ModelRequest) {
    if (isSmall(request, total(request))) return { request, leftOut: 0, movedAt: undefined, fits: true }
    const tokensOf = yield* count(request)
    const { messages, ...trimmed } = trimMessages(request.messages, {
      budget: yield* room(request),
      preserveRecent,
      tokensOf
    })
    return { ...trimmed, request: messages === request.messages ? request : { ...request, messages } }
  })

  const fill = Effect.fnUntraced(function* (request: ModelRequest) {
    if (isSmall(request, total(request))) return 0
    const tokensOf = yield* count(request)
    const tokens = request.messages.reduce((sum, message) => sum + tokensOf(message), 0)
    const free = yield* room(request)
    return free > 0 ? tokens / free : Number.POSITIVE_INFINITY
  })

  const learn = Effect.fnUntraced(function* (request: ModelRequest, { asked, limit }: WindowRefusal) {
    const before = learned.get(request.model) ?? tokensFor(request.model)
    const counted = yield* countTokens(request)
    // Where it counts more than we do, it takes less of what we count.
    const tokens = Math.floor(asked === undefined || asked <= counted ? limit : (limit * counted) / asked)
    if (tokens >= before || tokens <= 0) return false
    learned.set(request.model, tokens)
    return true
  })

  return { fit, fill, count, room, learn, preserveRecent }
}
