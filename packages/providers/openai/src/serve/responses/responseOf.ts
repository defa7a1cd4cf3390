/**
 * The response object: what the request asked, and what has been said so far.
 */
import type { JsonObject } from "@signalbox/model"
import type { ResponsesState } from "./ResponsesState.ts"
import type { ResponseWire } from "./wire.ts"

/** The response as it stands. `more` has what is only known at its end. */
export const responseOf = (
  { output, stream }: ResponsesState,
  status: ResponseWire["status"],
  more: JsonObject = {}
): ResponseWire => ({
  error: null,
  incomplete_details: null,
  usage: null,
  ...stream.echo,
  ...more,
  id: stream.id,
  object: "response",
  created_at: stream.created,
  status,
  model: stream.model,
  output
})
