/**
 * Answers that were given before, for requests that leave nothing to chance: temperature 0 and no tools.
 * Identical requests at the same time are asked once: the others wait for the first, and ask themselves when its
 * caller goes away before the end.
 */
import { Cause, Clock, Deferred, Duration, Effect, Exit, type Scope, Stream } from "effect"
import { makeBoundedMap } from "../boundedMap.ts"
import { type CallNote, CallNotes } from "../CallNotes.ts"
import type { ModelError } from "../errors.ts"
import { emptyFold, eventsOf, foldEvent } from "../foldEvents.ts"
import { collectReply, type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import type { ModelReply, ModelRequest } from "../Message.ts"
import type { ModelEvent } from "../ModelEvent.ts"
import { Principal } from "../spend/meteredModel.ts"
import { canonicalJson } from "./canonicalJson.ts"

/** What a cache may hold. */
export interface ResponseCacheOptions {
  readonly maxEntries: number
  /** In characters of JSON, all requests and answers together. */
  readonly maxSize: number
  readonly timeToLive: Duration.Input
}

/** Whether the answer to a request may be kept. */
export const isCacheable = ({ temperature, tools }: ModelRequest): boolean => temperature === 0 && tools.length === 0

interface Entry {
  readonly reply: ModelReply
  readonly size: number
  readonly until: number
}

/** What those who wait are told: the reply, or that nobody will bring it. */
type Awaited = Deferred.Deferred<ModelReply | undefined, ModelError>

type Claim =
  | { readonly type: "hit"; readonly reply: ModelReply }
  | { readonly type: "miss" | "shared"; readonly awaited: Awaited }

type Events = Stream.Stream<ModelEvent, ModelError>

/**
 * Makes an empty cache and gives the decorator that uses it. Principals do not see each other's answers. Put it
 * outside of `meteredModel`: what comes from here costs nothing. `CallNotes` hears whether it did.
 */
export const makeCacheModel = ({
  maxEntries,
  maxSize,
  timeToLive
}: ResponseCacheOptions): Effect.Effect<(model: LanguageModel["Service"]) => LanguageModel["Service"]> =>
  Effect.sync(() => {
    const entries = makeBoundedMap<Entry>({ maxEntries, maxSize, sizeOf: (key, { size }) => key.length + size })
    const underWay = new Map<string, Awaited>()
    const lifetime = Duration.toMillis(timeToLive)

    const lookUp = (key: string, now: number): ModelReply | undefined => {
      const entry = entries.get(key)
      if (entry === undefined || entry.until > now) return entry?.reply
      entries.delete(key)
      return undefined
    }

    const keep = (key: string, reply: ModelReply) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        entries.set(key, { reply, size: JSON.stringify(reply).length, until: now + lifetime })
      )

    /** In one step, so that of two callers only one is the first. Who is, must bring an answer or give the claim up. */
    const claim = (key: string): Effect.Effect<Claim, never, Scope.Scope> =>
      Effect.acquireRelease(
        Effect.map(Clock.currentTimeMillis, (now): Claim => {
          const reply = lookUp(key, now)
          if (reply !== undefined) return { type: "hit", reply }
          const awaited = underWay.get(key)
          if (awaited !== undefined) return { type: "shared", awaited }
          const mine: Awaited = Deferred.makeUnsafe()
          underWay.set(key, mine)
          return { type: "miss", awaited: mine }
        }),
        (claimed) => {
          if (claimed.type !== "miss") return Effect.void
          underWay.delete(key)
          return Deferred.succeed(claimed.awaited, undefined)
        }
      )

    /** Gives events out as they come, and the whole to those who wait. */
    const bring = (key: string, ask: Events, awaited: Awaited): Events => {
      let fold = emptyFold
      const settle = (exit: Exit.Exit<unknown, ModelError>) => {
        if (fold.isComplete) return Effect.andThen(keep(key, fold.reply), Deferred.succeed(awaited, fold.reply))
        const failure = Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason) : undefined
        return failure === undefined ? Effect.void : Deferred.fail(awaited, failure.error)
      }
      return ask.pipe(
        Stream.mapArray((events) => {
          for (const event of events) fold = foldEvent(fold, event)
          return events
        }),
        Stream.onExit(settle)
      )
    }

    const answer = (key: string, ask: Events): Effect.Effect<Events, ModelError, Scope.Scope> =>
      Effect.flatMap(claim(key), (claimed): Effect.Effect<Events, ModelError, Scope.Scope> => {
        if (claimed.type === "hit") return Effect.as(tell("hit"), replayed(claimed.reply))
        if (claimed.type === "miss") return Effect.as(tell("miss"), bring(key, ask, claimed.awaited))
        return Effect.flatMap(Deferred.await(claimed.awaited), (shared) =>
          shared === undefined ? answer(key, ask) : Effect.as(tell("shared"), replayed(shared))
        )
      })

    return (model) => {
      const stream = (request: ModelRequest): Events =>
        isCacheable(request)
          ? Stream.unwrap(
              Effect.flatMap(Principal, (principal) =>
                answer(canonicalJson([principal, model.provider, request]), model.stream(request))
              )
            )
          : model.stream(request)
      return makeLanguageModel({
        provider: model.provider,
        defaultModel: model.defaultModel,
        stream,
        generate: (request) =>
          isCacheable(request) ? collectReply(model.provider, stream(request)) : model.generate(request),
        countTokens: model.countTokens
      })
    }
  })

const replayed = (reply: ModelReply): Events => Stream.fromIterable(eventsOf(reply))

const tell = (outcome: Extract<CallNote, { type: "cache" }>["outcome"]) =>
  Effect.flatMap(CallNotes, (note) => note({ type: "cache", outcome }))
