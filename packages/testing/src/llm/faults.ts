/**
 * What can go wrong with a model answer, as data. `afterPieces` counts streamed content pieces (0 = after the opening
 * events); a JSON answer, which has no pieces, breaks in the middle of its body instead.
 */

/** One fault of one answer. */
export type Fault =
  /** An error answer in the envelope of the dialect. `retryAfter` is sent as given: seconds or an HTTP date. */
  | {
      readonly kind: "status"
      readonly status: number
      readonly retryAfter?: number | string
      readonly message?: string
      /** Anthropic's error type, or OpenAI's `type`; the default follows the status. */
      readonly errorType?: string
      /** OpenAI's `code`, and Anthropic's `details.error_code`. */
      readonly code?: string
      readonly headers?: Readonly<Record<string, string>>
      /** Sent instead of the envelope. */
      readonly body?: string
    }
  /** TCP reset; before the headers when `afterPieces` is absent, with `"head"` right after them. */
  | { readonly kind: "reset"; readonly afterPieces?: number | "head" }
  /**
   * Never another byte; before the headers when `afterPieces` is absent, with `"head"` right after them. The socket stays
   * open until the client or `close()` ends it.
   */
  | { readonly kind: "stall"; readonly afterPieces?: number | "head" }
  /** Bytes that HTTP does not allow where the size of the next chunk should stand, and the end of the connection. */
  | { readonly kind: "broken_chunk"; readonly afterPieces?: number }
  /** Data that is not JSON. */
  | { readonly kind: "malformed"; readonly afterPieces?: number }
  /** One more piece of text, of so many bytes; for replies that begin with text. */
  | { readonly kind: "oversized"; readonly bytes: number; readonly afterPieces?: number }
  /** The body ends properly, but without the terminal events. */
  | { readonly kind: "early_end"; readonly afterPieces?: number }
  /** 200, and then an error inside the stream (of a JSON answer: an error body with status 200). */
  | {
      readonly kind: "error_event"
      readonly afterPieces?: number
      readonly errorType?: string
      readonly message?: string
    }
  /** 200 and headers of a stream, then nothing and the end. */
  | { readonly kind: "empty" }
  /** 200 with a web page, as a captive portal or a login page answers. */
  | { readonly kind: "html"; readonly body?: string }

/** The Anthropic error type of an HTTP status (Messages API, "Errors"). */
const messagesErrorType = (status: number): string => {
  const types: Readonly<Record<number, string>> = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    501: "not_supported",
    504: "timeout_error",
    529: "overloaded_error"
  }
  return types[status] ?? (status >= 500 ? "api_error" : "invalid_request_error")
}

/** OpenAI's `type` and `code` of an HTTP status. */
const chatError = (status: number): { readonly type: string; readonly code: string | null } => {
  if (status === 401) return { type: "invalid_request_error", code: "invalid_api_key" }
  if (status === 402) return { type: "insufficient_quota", code: "insufficient_quota" }
  if (status === 404) return { type: "invalid_request_error", code: "model_not_found" }
  if (status === 429) return { type: "rate_limit_error", code: "rate_limit_exceeded" }
  return { type: status >= 500 ? "server_error" : "invalid_request_error", code: null }
}

/** What an error answer says, before the dialect's envelope is put around it. */
export interface ErrorDetail {
  readonly status: number
  readonly message: string
  readonly errorType?: string
  readonly code?: string
}

/** `{"type":"error","error":{…},"request_id"}`. */
export const messagesErrorBody = (detail: ErrorDetail, requestId: string): object => ({
  type: "error",
  error: {
    type: detail.errorType ?? messagesErrorType(detail.status),
    message: detail.message,
    ...(detail.code === undefined ? {} : { details: { error_code: detail.code } })
  },
  request_id: requestId
})

/** What both of OpenAI's APIs say of an error. */
export interface ChatError {
  readonly message: string
  readonly type: string
  readonly param: null
  readonly code: string | null
}

/** `{"error":{message,type,param,code}}`. */
export const chatErrorBody = (detail: ErrorDetail): { readonly error: ChatError } => {
  const usual = chatError(detail.status)
  return {
    error: {
      message: detail.message,
      type: detail.errorType ?? usual.type,
      param: null,
      code: detail.code ?? usual.code
    }
  }
}
