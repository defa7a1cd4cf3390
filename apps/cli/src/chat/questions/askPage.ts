/**
 * A page that a server wants to be visited. It is never opened from here: the person sees the whole address, and opens
 * it where they please.
 */
import type { ElicitationAnswer } from "@signalbox/model"
import { Effect } from "effect"
import type { Asking } from "./Asking.ts"

/** Asks whether the page will be visited. */
export const askPage = Effect.fnUntraced(function* (
  asking: Asking,
  source: string,
  { message, url }: { readonly message: string; readonly url: string }
): Effect.fn.Return<ElicitationAnswer> {
  const { hostname, protocol } = new URL(url)
  yield* asking.show(`${source} asks: ${message}`)
  yield* asking.show(`  ${url}`)
  const isWeb = protocol === "https:" || protocol === "http:"
  yield* asking.show(
    isWeb ? `  Open it yourself if you trust ${hostname}.` : `  Careful: this is no web page (${protocol}).`
  )
  const isWanted = yield* asking.confirm("Do you go there?", false)
  if (isWanted === undefined) return { action: "cancel" }
  return { action: isWanted ? "accept" : "decline" }
})
