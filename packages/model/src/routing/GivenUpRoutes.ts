/**
 * Which routes have failed in a turn and were given up for a fallback. A turn asks several times, and should not find
 * out each time again that the first of them is down.
 */
import { Context } from "effect"

/**
 * The names of the routes, which `fallbackModel` adds to and reads. Provide a new set around each turn; by default
 * nothing is remembered.
 */
export const GivenUpRoutes = Context.Reference<Set<string> | undefined>("@signalbox/model/GivenUpRoutes", {
  defaultValue: () => undefined
})
