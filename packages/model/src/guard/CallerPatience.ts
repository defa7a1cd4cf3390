/**
 * How long a caller is kept waiting because an upstream asks for a pause. A person at a terminal is told and waits; a
 * client of a server is better off with the answer that it came too early, and when to come again: it does so by itself.
 */
import { Context, Duration } from "effect"

/**
 * The longest pause at a stretch, beside the limits of `retryModel` and `ratedModel`, which read it. Provide it around
 * calls whose caller comes again by himself: a longer `retryAfter` fails at once then, and is kept on the error. Pauses
 * that no upstream has asked for are not shortened. By default nobody is impatient.
 */
export const CallerPatience = Context.Reference<Duration.Duration>("@signalbox/model/CallerPatience", {
  defaultValue: () => Duration.infinity
})
