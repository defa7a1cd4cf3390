/** What requests over the WebSocket fail with. */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

/** A frame that is no request. Nothing was done for it, and the socket stays open. */
export class FrameInvalid extends defineError<FrameInvalid>()("FrameInvalid", {
  code: "FRAME_INVALID",
  status: statuses.invalidParams,
  fields: { validationErrors: Schema.Array(Schema.Struct({ field: Schema.String, message: Schema.String })) },
  message: ({ validationErrors }) =>
    validationErrors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; "),
  hint: () => 'Send for example {"action":"chat","request_id":"1","payload":{"text":"Hello"}}.'
}) {}

/** The id of a conversation that is none, or of one that belongs to somebody else: neither is told apart. */
export class ConversationRefused extends defineError<ConversationRefused>()("ConversationRefused", {
  code: "CONVERSATION_REFUSED",
  status: statuses.forbidden,
  fields: { conversationId: Schema.String },
  message: ({ conversationId }) => `The conversation "${conversationId}" cannot be used.`,
  hint: () => "Choose another id, of letters, digits, and . _ : - up to 128; or none, and one is made."
}) {}

/** A plain request where a WebSocket is spoken. */
export class UpgradeMissing extends defineError<UpgradeMissing>()("UpgradeMissing", {
  code: "UPGRADE_MISSING",
  status: statuses.invalidParams,
  fields: {},
  message: () => "This path speaks WebSocket, and the request did not ask for it.",
  hint: () => "Connect with a WebSocket client: ws://…/ws/chat"
}) {}

/** All error classes of this folder. */
export const socketErrors = [UpgradeMissing, FrameInvalid, ConversationRefused] as const
