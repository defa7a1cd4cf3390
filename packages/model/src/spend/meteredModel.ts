/**
 * Puts what a model has used into the ledger, also of answers that broke off.
 */
import { Context } from "effect"
import { type LanguageModel } from "../LanguageModel.ts"
import { type PriceEntry } from "./prices.ts"
import { type UsageLedger } from "./UsageLedger.ts"

/** For whom models are called: the ledger keeps them apart. Default: `local`. */
export const Principal = Context.Reference<string>("@signalbox/model/Principal", { defaultValue: () => "local" })

/** What a metered model is made from. */
export interface MeteredModelOptions {
  readonly upstream: string
  readonly ledger: UsageLedger["Service"]
  readonly prices: ReadonlyArray<PriceEntry>
}

/** Wraps the model of an upstream. `CallNotes` hears the cost. */
export declare const meteredModel: (
  options: MeteredModelOptions
) => (model: LanguageModel["Service"]) => LanguageModel["Service"]
