/**
 * Failures of the server itself. What requests fail with is answered in the shape of the API that was asked.
 */
import { defineError, statuses } from "@signalbox/errors"
import { InvalidMessagesRequest } from "@signalbox/provider-claude/serve"
import { serveErrors as openAiServeErrors } from "@signalbox/provider-openai/serve"
import { Schema } from "effect"
import { ApiBusy } from "./api/admission.ts"
import { TooManyTokens } from "./api/limitTokens.ts"
import { KeyMissing, KeyRefused, ModelNotAllowed, ServerNotAllowed, ToolExecutionUnknown } from "./clients/errors.ts"
import { controlErrors } from "./control/errors.ts"
import { socketErrors } from "./ws/errors.ts"

/** An address that others can reach was refused, because the server asks nobody for credentials. */
export class UnsafeBind extends defineError<UnsafeBind>()("UnsafeBind", {
  code: "UNSAFE_BIND",
  status: statuses.configuration,
  fields: { host: Schema.String },
  message: ({ host }) =>
    `Refused to listen on ${host}: whoever reaches the port could run your tools and spend your key.`,
  hint: () => "Give clients keys (server.auth.mode: keys), or listen on 127.0.0.1."
}) {}

/** The address could not be listened on: another program has it, or the system does not allow it. */
export class PortInUse extends defineError<PortInUse>()("PortInUse", {
  code: "PORT_IN_USE",
  status: statuses.unavailable,
  fields: { host: Schema.String, port: Schema.Int },
  message: ({ host, port }) => `Cannot listen on ${host}:${port}: the address is taken or not allowed.`,
  hint: () => "Choose another port with --port, or stop what listens there."
}) {}

/** A web page of another origin asked: a browser would let any page run the tools of whoever looks at it. */
export class OriginRefused extends defineError<OriginRefused>()("OriginRefused", {
  code: "ORIGIN_REFUSED",
  status: statuses.forbidden,
  fields: { origin: Schema.String },
  message: ({ origin }) => `Requests of web pages from ${origin} are refused: they could run your tools.`,
  hint: () => "Serve the page from this machine, or call from a program."
}) {}

/** Nothing is served under this method and path. */
export class RouteNotFound extends defineError<RouteNotFound>()("RouteNotFound", {
  code: "ROUTE_NOT_FOUND",
  status: statuses.notFound,
  fields: { method: Schema.String, path: Schema.String },
  message: ({ method, path }) => `There is no ${method} ${path}.`,
  hint: () => "This server answers POST /v1/messages, /v1/chat/completions and /v1/responses, and GET /v1/models."
}) {}

/** A request body over `maxRequestBytes`. It was not read to its end. */
export class BodyTooLarge extends defineError<BodyTooLarge>()("BodyTooLarge", {
  code: "BODY_TOO_LARGE",
  status: statuses.tooLarge,
  fields: {
    maxBytes: Schema.Int,
    /** The API's own code where the body was small enough before it was unpacked. */
    errorCode: Schema.optionalKey(Schema.String)
  },
  message: ({ errorCode, maxBytes }) =>
    `The request body is larger than ${maxBytes} bytes${errorCode === undefined ? "" : " when it is unpacked"}.`,
  hint: () => "Send less, or raise server.maxRequestBytes."
}) {}

/** Every error class of this package, for tables. */
export const serverErrors = [
  UnsafeBind,
  PortInUse,
  OriginRefused,
  RouteNotFound,
  BodyTooLarge,
  InvalidMessagesRequest,
  ...openAiServeErrors,
  KeyMissing,
  KeyRefused,
  ModelNotAllowed,
  ServerNotAllowed,
  ToolExecutionUnknown,
  ApiBusy,
  TooManyTokens,
  ...socketErrors,
  ...controlErrors
] as const
