/**
 * Keeps requests away from an upstream that fails, and from one that has enough to do.
 * A stream holds its place until it has ended or is left, and its failure counts whenever it comes.
 */
import { type Bulkhead, type CircuitBreaker } from "@signalbox/resilience"
import { type Duration } from "effect"
import { type LanguageModel } from "../LanguageModel.ts"

/** What guards an upstream: parts are shared between all models of it. */
export interface GuardModelOptions {
  /** The name of the circuit and of the compartment. */
  readonly upstream: string
  /** Made with `counts: isUpstreamFault`, or any rule: this decorator brings its own. */
  readonly circuits?: CircuitBreaker["Service"]
  readonly bulkhead?: Bulkhead["Service"]
  /** What a caller who was turned away is told to wait, where nothing better is known. Default: 1 second. */
  readonly busyFor?: Duration.Input
}

/** Whether a failure speaks against the upstream: it is retryable, or took too long. */
export declare const isUpstreamFault: (error: unknown) => boolean

/** Wraps the model of an upstream. */
export declare const guardModel: (
  options: GuardModelOptions
) => (model: LanguageModel["Service"]) => LanguageModel["Service"]
