/**
 * A body that is no Messages request. The message begins with the path of the field, as the API's own does.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

/** A Messages request that the API would refuse too. `path` says where in the body. */
export class InvalidMessagesRequest extends defineError<InvalidMessagesRequest>()("InvalidMessagesRequest", {
  code: "INVALID_MESSAGES_REQUEST",
  status: statuses.badData,
  fields: {
    /** `messages.0.content`; empty for the body itself. */
    path: Schema.String,
    reason: Schema.String,
    /** The API's own code for a case that its SDK handles, sent as `error.details.error_code`. */
    errorCode: Schema.optionalKey(Schema.String)
  },
  message: ({ path, reason }) => (path === "" ? reason : `${path}: ${reason}`)
}) {}
