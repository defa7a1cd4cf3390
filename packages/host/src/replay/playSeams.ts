/**
 * A host that lives from a cassette: no request leaves it and no server is started, until it is told to go on live.
 */
import type { ApprovalStore } from "@signalbox/conversation"
import { entriesOf, IsWithinAnswer, playedTools, type Player } from "@signalbox/conversation/replay"
import { JsonObject, type LanguageModel, ModelNotFound } from "@signalbox/model"
import { ConnectionClosed, type McpClient, ServeFailed } from "@signalbox/mcp"
import { Effect, Result, Schema, Scope } from "effect"
import { Digest } from "effect/crypto"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { unsetVariables } from "../config/secrets.ts"
import { MissingApiKey } from "../errors.ts"
import type { HostSeams } from "../HostSeams.ts"
import type { Models } from "../models/Models.ts"
import { makeOtherModel } from "../models/otherModel.ts"
import { makeCounters, playingFailures } from "./failedCalls.ts"
import { makePlayedPeer, type PlayedPeer } from "./playedPeer.ts"
import { approvalsNote, LostBy, mapChosen, steppedModel } from "./recordSeams.ts"
import { playedHooks } from "./tapedHooks.ts"
import { playedHttp } from "./tapedHttp.ts"
import { playedInstructions } from "./tapedInstructions.ts"
import { playedResults } from "./tapedResults.ts"

/** A replay of what a host did. */
export interface Replay {
  readonly player: Player
  readonly seams: HostSeams
  /** Waits, for a while, until servers have said what they had said before the next input. */
  readonly settled: Effect.Effect<void>
}

/** How it goes on after a step. */
export interface Fork {
  readonly config: LoadedConfig
  /** Who answers from then on, named as in a conversation that changes its model. */
  readonly model: string
  /** The provider of a model that is named without one; the recorded one where it is absent. */
  readonly provider?: string | undefined
  /** The variables as they are now: a key of then is not in the cassette. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What is named by itself may be of the recorded provider; what is named with a provider is as it is. */
const forkModel = Effect.fnUntraced(function* (
  { config, environment, model, provider }: Fork,
  models: Models["Service"]
) {
  const providers = [...new Set([...Object.keys(config.options.providers), ...models.upstreams.keys()])]
  if (provider !== undefined && !providers.includes(provider))
    return yield* new ModelNotFound({
      provider,
      model,
      reason: `there is no such provider. Known: ${providers.join(", ")}.`
    })
  const isWhole = provider === undefined || model === provider || model.startsWith(`${provider}/`)
  const name = isWhole ? model : `${provider}/${model}`
  const { chosen } = yield* makeOtherModel({ config }, models)(name, provider ?? models.chosen.upstream)
  const missing = unsetVariables(config.options.providers[chosen.upstream]?.apiKey ?? "", environment)
  if (missing.length > 0) return yield* new MissingApiKey({ provider: chosen.upstream, variable: missing.join(", ") })
  return chosen
})

const Kept = Schema.Array(
  Schema.Struct({
    source: Schema.String,
    tool: Schema.String,
    input: JsonObject,
    definition: Schema.String,
    since: Schema.DateTimeUtcFromString
  })
)

/** What was approved for good when it was recorded. Nothing is kept of a replay. */
const playedApprovals = ({ cassette }: Player): ApprovalStore => {
  const note = entriesOf(cassette, "note").find(({ name }) => name === approvalsNote)
  const digest = Effect.provide(Digest.Digest, Digest.layerWebCrypto)
  return {
    list: Effect.orDie(Schema.decodeUnknownEffect(Kept)(note?.value ?? [])),
    add: () => Effect.void,
    forgetTool: () => Effect.void,
    digest: (text) => Effect.flatMap(digest, (sha) => sha.digestHex(Digest.sha256, new TextEncoder().encode(text)))
  }
}

/** What is undefined is not there any more once it has been through JSON. */
const decodeLost = (error: unknown) =>
  Result.getOrUndefined(
    Schema.decodeUnknownResult(LostBy)({ exitCode: undefined, signal: undefined, ...Object(error) })
  )

/** How often it is looked, and how often at the most: a server that this version does not start says nothing. */
const lookEvery = "5 millis"
const mostLooks = 1000

/** Plays what a host did. With a fork, another model answers from the step on that the player knows. */
export const playSeams = (player: Player, fork?: Fork): Replay => {
  const peers = new Map<string, PlayedPeer>()
  const counterOf = makeCounters()
  const peerOf = (name: string) => {
    const known = peers.get(name) ?? makePlayedPeer(player, name)
    peers.set(name, known)
    return known
  }
  const look = (left: number): Effect.Effect<void> =>
    Effect.suspend(() =>
      left === 0 || [...peers.values()].every((peer) => peer.isSettled())
        ? Effect.void
        : Effect.andThen(Effect.sleep(lookEvery), look(left - 1))
    )
  const seams: HostSeams = {
    http: playedHttp(player),
    models: (models) =>
      Effect.gen(function* () {
        const other =
          fork === undefined ? undefined : yield* Effect.provideService(forkModel(fork, models), IsWithinAnswer, true)
        const forked = (own: LanguageModel["Service"]) =>
          steppedModel(own, player.beginStep, () => (player.isLive() ? (other?.service ?? own) : own))
        return mapChosen(models, (chosen) => ({ ...chosen, service: forked(chosen.service) }))
      }),
    connector: (connector) => ({
      connect: (server, start) =>
        Effect.gen(function* () {
          const peer = peerOf(server.name)
          const course = peer.nextCourse()
          yield* start.onLoaded
          if (course === undefined || course._tag === "Failed") {
            const reason = course?.reason ?? "the recording has no connection to it"
            return yield* new ServeFailed({ serverName: server.name, reason: reason.replace(/\.$/, "") })
          }
          const { link } = course
          const played = yield* connector.connect(
            {
              ...server,
              protocol: peer.isModern(link) ? "2026-07-28" : "legacy",
              endpoint: {
                transport: "in-process",
                serve: peer.serve(link),
                lostBy: () => decodeLost(peer.lostBy(link))
              }
            },
            { ...start, requires: {}, program: {} }
          )
          const recorded = playingFailures(player, played, counterOf(server.name))
          const scope = yield* Effect.scope
          const live = yield* Effect.cached(Effect.provideService(connector.connect(server, start), Scope.Scope, scope))
          const callTool: McpClient["callTool"] = (call) =>
            Effect.suspend(() =>
              player.areToolsLive()
                ? live.pipe(
                    Effect.mapError(
                      (cause) => new ConnectionClosed({ serverName: server.name, reason: cause.message, cause })
                    ),
                    Effect.flatMap((client) => client.callTool(call))
                  )
                : recorded(call)
            )
          return { ...played, callTool } satisfies McpClient
        })
    }),
    builtIns: playedTools(player),
    conversations: (client) => client,
    approvals: () => playedApprovals(player),
    results: () => playedResults(player),
    instructions: playedInstructions(player),
    hooks: playedHooks(player)
  }
  return { player, seams, settled: Effect.andThen(look(mostLooks), Effect.sleep(lookEvery)) }
}
