/**
 * Waits for something to become true by looking again and again, with a limit so generous that only a real failure meets
 * it: a test that waits for events must not depend on how busy the machine is.
 */
import { setTimeout as sleep } from "node:timers/promises"

/** What is waited for, and for how long. */
export interface WaitForOptions {
  /** Completes the sentence "Waited … for …" in the failure. */
  readonly description: string
  /** Milliseconds; default 20,000. */
  readonly limitMs?: number
  /** Milliseconds between two looks; default 5. */
  readonly everyMs?: number
  /** Describes how things stand, for the failure. */
  readonly state?: () => string
}

/** Resolves with the first value of `predicate` that is neither `undefined`, `null` nor `false`. */
export const waitFor = async <A>(
  predicate: () => A | Promise<A>,
  options: WaitForOptions
): Promise<Exclude<A, undefined | null | false>> => {
  const limitMs = options.limitMs ?? 20_000
  const from = performance.now()
  /* oxlint-disable no-await-in-loop -- each look follows the one before */
  for (;;) {
    const value = await predicate()
    // The test leaves exactly the values that the type excludes.
    if (value !== undefined && value !== null && value !== false) return value as Exclude<A, undefined | null | false>
    if (performance.now() - from > limitMs) {
      const state = options.state === undefined ? "" : ` State: ${options.state()}`
      throw new Error(`Waited ${limitMs} ms for ${options.description}, in vain.${state}`)
    }
    await sleep(options.everyMs ?? 5)
  }
  /* oxlint-enable no-await-in-loop */
}
