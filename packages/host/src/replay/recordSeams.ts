/**
 * A host whose work is recorded: what its models were asked and answered, what its servers said, what its tools did and what
 * people said.
 */
import type { ApprovalStore } from "@signalbox/conversation"
import {
  IsWithinAnswer,
  type LinkTape,
  recordConversations,
  recordedTools,
  type Recorder
} from "@signalbox/conversation/replay"
import { makeLanguageModel, type LanguageModel } from "@signalbox/model"
import { ServerExited, type ServerOptions, StreamLost, TokenStore, WireTap } from "@signalbox/mcp"
import { DateTime, Effect, Predicate, Redacted, Result, Schema, Stream } from "effect"
import type { HostSeams } from "../HostSeams.ts"
import type { ChosenModel } from "../models/chooseModel.ts"
import { makeCounters, notingFailures } from "./failedCalls.ts"
import { recordedHooks } from "./tapedHooks.ts"
import { recordedHttp } from "./tapedHttp.ts"
import { recordedInstructions } from "./tapedInstructions.ts"
import { recordedResults } from "./tapedResults.ts"

/** Under which name a cassette has what was approved for good. */
export const approvalsNote = "approvals"

/** A model of which each call is a step. */
export const steppedModel = (
  model: LanguageModel["Service"],
  beginStep: () => unknown,
  instead: () => LanguageModel["Service"] = () => model
): LanguageModel["Service"] =>
  makeLanguageModel({
    ...model,
    stream: (request) =>
      Stream.unwrap(
        Effect.map(IsWithinAnswer, (isWithinAnswer) => {
          if (isWithinAnswer) return model.stream(request)
          beginStep()
          return instead().stream(request)
        })
      )
  })

/** The chosen model, and each that is chosen later, such as those of agents. */
export const mapChosen = (
  models: Parameters<HostSeams["models"]>[0],
  change: (chosen: ChosenModel) => ChosenModel
): Parameters<HostSeams["models"]>[0] => ({
  ...models,
  chosen: change(models.chosen),
  choose: (options) => Effect.map(models.choose(options), change)
})

/** Whatever lets in somewhere is a secret. */
const learnSecrets = (recorder: Recorder, value: unknown): void => {
  if (Redacted.isRedacted(value)) recorder.mask.add(String(Redacted.value(value)))
  else if (Predicate.isObjectOrArray(value)) for (const part of Object.values(value)) learnSecrets(recorder, part)
}

const learnServer = (recorder: Recorder, { endpoint }: ServerOptions): void => {
  if (endpoint.transport !== "in-process") learnSecrets(recorder, endpoint)
}

/** Logins that are read, or are new, are known from then on. */
const learningStore = (recorder: Recorder, store: TokenStore): TokenStore => ({
  ...store,
  read: (key) => Effect.tap(store.read(key), (logins) => Effect.sync(() => learnSecrets(recorder, logins))),
  write: (key, login) =>
    Effect.suspend(() => {
      learnSecrets(recorder, login)
      return store.write(key, login)
    })
})

const noteApprovals = (recorder: Recorder, store: ApprovalStore | undefined): ApprovalStore | undefined =>
  store === undefined
    ? undefined
    : {
        ...store,
        list: Effect.tap(store.list, (approvals) =>
          Effect.sync(() => {
            const value = approvals.map(({ definition, input, since, source, tool }) => ({
              definition,
              input,
              source,
              tool,
              since: DateTime.formatIso(since)
            }))
            recorder.noteOnce({ type: "note", name: approvalsNote, value })
          })
        )
      }

type LostBy = ServerExited | StreamLost

/** Why connections end, as it is written down. */
export const LostBy = Schema.Union([ServerExited, StreamLost])

const encodeLost = (lost: LostBy) => ({
  reason: lost.message,
  error: Result.getOrNull(Schema.encodeResult(LostBy)(lost))
})

/** Records what a host does. */
export const recordSeams = (recorder: Recorder): HostSeams => {
  const counterOf = makeCounters()
  return {
    http: recordedHttp(recorder),
    models: (models) =>
      Effect.sync(() => {
        const { model, upstream } = models.chosen
        recorder.note({ type: "model", upstream, model })
        return mapChosen(models, (chosen) => ({
          ...chosen,
          service: steppedModel(chosen.service, recorder.beginStep)
        }))
      }),
    connector: (connector) => ({
      connect: (server, start) =>
        Effect.gen(function* () {
          learnServer(recorder, server)
          let tape: LinkTape | undefined
          const listen = () => {
            // A handshake that was refused may be tried again on another way.
            const opened = recorder.link(server.name)
            opened.state("opened")
            tape = opened
            return {
              sent: opened.out,
              received: opened.in,
              lost: (error: LostBy) => opened.state("lost", encodeLost(error))
            }
          }
          const client = yield* connector.connect(server, start).pipe(
            Effect.tap(() => Effect.sync(() => tape?.state("ready"))),
            Effect.tapError(({ message }) =>
              Effect.sync(() => (tape ?? recorder.link(server.name)).state("failed", { reason: message }))
            ),
            Effect.provideService(WireTap, listen),
            Effect.provideService(TokenStore, learningStore(recorder, yield* TokenStore))
          )
          // What happens to a process is told by its end.
          const isTold = server.endpoint.transport === "stdio"
          return isTold ? client : notingFailures(recorder, client, counterOf(server.name))
        })
    }),
    builtIns: recordedTools(recorder),
    conversations: (client) => recordConversations(recorder, client),
    approvals: (store) => noteApprovals(recorder, store),
    results: recordedResults(recorder),
    instructions: recordedInstructions(recorder),
    hooks: recordedHooks(recorder)
  }
}
