/**
 * Whether somebody else is asked next when this call fails. Then nobody should be kept waiting for the one who fails:
 * retries and waits for a turn read it.
 */
import { Context, Duration } from "effect"

/** Provided by `fallbackModel` around every candidate that another one comes after. By default nobody does. */
export const FallbackAhead = Context.Reference<boolean>("@signalbox/model/FallbackAhead", { defaultValue: () => false })

/** How long a call may be kept waiting in all for another try of the same upstream, with a fallback ahead. */
export const quickPause: Duration.Duration = Duration.millis(250)
