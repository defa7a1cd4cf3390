/**
 * What all routes of the model APIs share: who is let in, how many at a time, and the models behind the names.
 */
import { Host, type HostOptions } from "@signalbox/host"
import { type LanguageModel, makeCacheModel } from "@signalbox/model"
import { Context, Effect, Layer, type Scope } from "effect"
import { type ClientAuth, makeClientAuth } from "../clients/ClientAuth.ts"
import { type ApiBusy, makeAdmission } from "./admission.ts"
import { type HostCalls, makeHostCalls } from "./HostCalls.ts"
import { makeWaitingCalls, type WaitingCalls } from "./WaitingCalls.ts"

/** The section `server` of a configuration. */
export type ServerSection = HostOptions["server"]

/** Use it in whatever answers requests to models. */
export class ApiContext extends Context.Service<
  ApiContext,
  {
    readonly options: ServerSection
    readonly letIn: ClientAuth
    /** Waits for a place, which the request holds to the end of its scope. */
    readonly admit: Effect.Effect<void, ApiBusy, Scope.Scope>
    /** Answers to every name that the routing has. */
    readonly model: LanguageModel["Service"]
    /** What clients may forget of their conversations. */
    readonly hostCalls: HostCalls
    /** Calls that wait for the approval of their clients. */
    readonly waitingCalls: WaitingCalls
  }
>()("@signalbox/server/ApiContext") {
  static readonly layer = (options: ServerSection): Layer.Layer<ApiContext, never, Host> =>
    Layer.effect(ApiContext, makeApiContext(options))
}

const makeApiContext = Effect.fnUntraced(function* (options: ServerSection) {
  const { models, reload } = yield* Host
  const { auth, cache, mcpUrls, tools } = options
  const cached = cache.enabled ? yield* makeCacheModel({ ...cache, maxSize: cache.maxBytes }) : undefined
  return {
    options,
    letIn: makeClientAuth({ mode: auth.mode, keys: reload.clientKeys, tools, mcpUrls: mcpUrls.allowed }),
    admit: makeAdmission(options),
    hostCalls: makeHostCalls(),
    waitingCalls: makeWaitingCalls(),
    model: cached === undefined ? models.router.model : cached(models.router.model)
  }
})
