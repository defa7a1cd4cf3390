/**
 * Puts what a model has used into the ledger, also of answers that broke off or were left.
 */
import { Context, Effect, Stream } from "effect"
import { CallNotes } from "../CallNotes.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import type { ModelRequest, Usage } from "../Message.ts"
import { costOf, type PriceEntry, pricesFor } from "./prices.ts"
import { makeRunningUsage } from "./runningUsage.ts"
import type { UsageLedger } from "./UsageLedger.ts"

/** For whom models are called: the ledger and caches keep them apart. Default: `local`. */
export const Principal = Context.Reference<string>("@signalbox/model/Principal", { defaultValue: () => "local" })

/** What a metered model is made from. */
export interface MeteredModelOptions {
  readonly upstream: string
  readonly ledger: UsageLedger["Service"]
  readonly prices: ReadonlyArray<PriceEntry>
}

/** Wraps the model of an upstream, inside of retries, fallbacks and caches. `CallNotes` hears the cost. */
export const meteredModel =
  (options: MeteredModelOptions) =>
  (model: LanguageModel["Service"]): LanguageModel["Service"] => {
    const recorded = recordCall(options)
    const record = ({ model: asked }: ModelRequest, answered: string, usage: Usage) =>
      recorded({ asked, answered: answered === "" && asked === "" ? model.defaultModel : answered, usage })
    return makeLanguageModel({
      provider: model.provider,
      defaultModel: model.defaultModel,
      stream: (request) =>
        Stream.suspend(() => {
          const running = makeRunningUsage()
          return model.stream(request).pipe(
            Stream.mapArray((events) => {
              for (const event of events) running.note(event)
              return events
            }),
            Stream.onExit(() => (running.hasBegun() ? record(request, running.model(), running.usage()) : Effect.void))
          )
        }),
      generate: (request) => Effect.tap(model.generate(request), (reply) => record(request, reply.model, reply.usage)),
      countTokens: model.countTokens
    })
  }

/** A call of which the usage is known. */
export interface MeteredCall {
  /** The model that was asked for, and the one that says it has answered; empty where it has not said so. */
  readonly asked: string
  readonly answered: string
  readonly usage: Usage
  /** For whom; default: the one of the context. */
  readonly principal?: string
}

/** Records a call that went past `meteredModel`, such as one whose bytes were only handed on. */
export const recordCall =
  ({ ledger, prices, upstream }: MeteredModelOptions) =>
  ({ answered, asked, principal, usage }: MeteredCall): Effect.Effect<void> =>
    Effect.contextWith((context: Context.Context<never>) => {
      const forWhom = principal ?? Context.get(context, Principal)
      const model = answered === "" ? asked : answered
      const price = pricesFor(prices, upstream, asked) ?? pricesFor(prices, upstream, model)
      const cost = price === undefined ? {} : { usd: costOf(usage, price) }
      return ledger.record({ upstream, model, principal: forWhom, usage, ...cost }).pipe(
        Effect.andThen(Context.get(context, CallNotes)({ type: "cost", upstream, model, ...cost })),
        Effect.andThen(
          Effect.logDebug("Model call metered", {
            upstream,
            model,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            ...(cost.usd === undefined ? {} : { cost_usd: cost.usd })
          })
        )
      )
    })
