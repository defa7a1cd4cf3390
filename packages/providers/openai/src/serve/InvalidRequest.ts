/**
 * Bodies that are no request of these APIs. The message is the API's own kind of sentence; `path` goes into
 * `error.param`, where clients look for the field.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

const fields = {
  /** `messages[0].content`; empty for the body itself. */
  path: Schema.String,
  reason: Schema.String,
  /** The API's own code for a case that clients handle, sent as `error.code`. */
  errorCode: Schema.optionalKey(Schema.String)
}

const message = ({ path, reason }: { readonly path: string; readonly reason: string }): string =>
  path === "" ? reason : `${path}: ${reason}`

/** A Chat Completions request that the API would refuse too. `path` says where in the body. */
export class InvalidChatRequest extends defineError<InvalidChatRequest>()("InvalidChatRequest", {
  code: "INVALID_CHAT_REQUEST",
  status: statuses.badData,
  fields,
  message
}) {}

/** A Responses request that the API would refuse too, or that needs what is not held here. `path` says where in the body. */
export class InvalidResponsesRequest extends defineError<InvalidResponsesRequest>()("InvalidResponsesRequest", {
  code: "INVALID_RESPONSES_REQUEST",
  status: statuses.badData,
  fields,
  message
}) {}

/** Every error class of `./serve`, for tables. */
export const serveErrors = [InvalidChatRequest, InvalidResponsesRequest] as const
