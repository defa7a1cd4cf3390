/**
 * What the contract of language models has to be given: a model over an upstream that answers from a script.
 * The types are the part of fx-llm (`@signalbox/testing`) that the contract uses; anything of this form will do.
 */
import type { Duration, Effect } from "effect"
import type { LanguageModel } from "../../LanguageModel.ts"

/** A way for an answer to go wrong. `afterPieces` counts the pieces of content that come before. */
export type ContractFault =
  | {
      readonly kind: "status"
      readonly status: number
      readonly retryAfter?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  | { readonly kind: "reset" | "stall"; readonly afterPieces?: number }
  | { readonly kind: "early_end" | "empty" | "html" | "malformed" }
  | { readonly kind: "error_event"; readonly errorType?: string; readonly afterPieces?: number }

/** One answer of the upstream. */
export interface ContractReply {
  readonly text?: string
  readonly toolCalls?: ReadonlyArray<{ readonly name: string; readonly input: unknown }>
  readonly blocks?: ReadonlyArray<
    | { readonly type: "text"; readonly text: string }
    | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
    | { readonly type: "tool_call"; readonly id: string; readonly name: string; readonly input: unknown }
  >
  readonly stopReason?: "max_tokens" | "refusal"
  readonly usage?: Readonly<Record<"inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheWriteTokens", number>>
  /** Characters in a piece. */
  readonly chunks?: number
  /** Sends the arguments of several calls alternately, where the wire can. */
  readonly interleaveToolCalls?: boolean
  /** Stops at the start, or after so many pieces, for good. */
  readonly hold?: "start" | number
  readonly fault?: ContractFault
}

/** One answer for every request, or one after another. */
export type ContractScript = ContractReply | ReadonlyArray<ContractReply>

/** A request that the upstream got. */
export interface ContractRequest {
  readonly model: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly isStream: boolean
  readonly lastUserText: string
  readonly offeredTools: ReadonlyArray<string>
  readonly toolResults: ReadonlyArray<string>
  readonly outcome?: "completed" | "closed_by_client" | "cut_by_fault"
}

/** The upstream, as far as it lets itself be watched. */
export interface ContractUpstream {
  /** What it was asked, oldest first. */
  readonly requests: ReadonlyArray<ContractRequest>
  /** TCP connections so far. */
  readonly connections: number
  /** Resolves when the nth request (from 1) waits where its reply says `hold`. */
  readonly waitForHeld: (n: number) => Promise<unknown>
  /** Resolves when the nth request is over, however that came. */
  readonly waitForClosed: (n: number) => Promise<ContractRequest>
  /** Stops listening. */
  readonly close: () => Promise<void>
}

/** How long the model may wait. */
export interface ContractLimits {
  /** For the next piece of a stream. */
  readonly idleTimeout?: Duration.Duration
  /** For the head of an answer. */
  readonly requestTimeout?: Duration.Duration
}

/** A provider under test. */
export interface ContractSubject {
  /** The name that its errors carry. */
  readonly provider: string
  /** What it proves itself to the upstream with: nobody else may ever see it. */
  readonly key: string
  /** Runs one test over a new upstream with this script, without retries. */
  readonly over: <A, E>(
    script: ContractScript,
    use: (model: LanguageModel["Service"], upstream: ContractUpstream) => Effect.Effect<A, E>,
    limits?: ContractLimits
  ) => Effect.Effect<A, E>
}

/** One thing that every language model does. */
export interface ContractCase {
  /** A sentence that begins with what it does. */
  readonly name: string
  /** Fails with `ContractBroken`, or with what the model failed with. */
  readonly check: Effect.Effect<void, unknown>
}
