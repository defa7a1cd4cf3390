import { assert, describe, it } from "@effect/vitest"
import { defineError, statuses } from "@signalbox/errors"
import {
  ContentFiltered,
  ModelNotFound,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderCircuitOpen,
  ProviderOverloaded,
  ProviderQuotaExceeded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnreachable
} from "@signalbox/model"
import { encodeOpenAiError, InvalidChatRequest, InvalidResponsesRequest } from "@signalbox/provider-openai/serve"
import { Duration, Effect } from "effect"
import {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError
} from "openai"
import { withSdk } from "./turns.ts"

const said = { provider: "claude", reason: "no" }

class BodyTooLarge extends defineError<BodyTooLarge>()("BodyTooLarge", {
  code: "BODY_TOO_LARGE_IN_TEST",
  status: statuses.tooLarge,
  fields: {},
  message: () => "too large"
}) {}

describe("encodeOpenAiError", () => {
  it("names the field of a bad request and the API's own code", () => {
    const error = new InvalidResponsesRequest({
      path: "previous_response_id",
      reason: "not found",
      errorCode: "previous_response_not_found"
    })
    assert.deepStrictEqual(encodeOpenAiError(error, "req_1"), {
      status: 400,
      headers: { "content-type": "application/json", "x-request-id": "req_1", "x-should-retry": "false" },
      body: {
        error: {
          message: "previous_response_id: not found",
          type: "invalid_request_error",
          param: "previous_response_id",
          code: "previous_response_not_found"
        }
      }
    })
    const whole = encodeOpenAiError(new InvalidChatRequest({ path: "", reason: "no JSON" }), "r").body.error
    assert.deepStrictEqual([whole.message, whole.param, whole.code], ["no JSON", null, null])
  })

  it("says every failure in the API's words", () => {
    const answers = [
      new ProviderAuthFailed({ ...said, httpStatus: 401 }),
      new ProviderAuthFailed({ ...said, httpStatus: 403 }),
      new ModelNotFound({ ...said, model: "m" }),
      new ModelRequestRejected({ ...said, httpStatus: 400 }),
      new ModelRequestRejected({ ...said, httpStatus: 409 }),
      new ModelRequestRejected({ ...said, httpStatus: 413 }),
      new ModelRequestRejected({ ...said, httpStatus: 501 }),
      new ContentFiltered(said),
      new ProviderQuotaExceeded(said),
      new ProviderRateLimited(said),
      new ProviderTimeout({ ...said, limit: Duration.seconds(1) }),
      new ProviderOverloaded({ ...said, httpStatus: 500 }),
      new ProviderOverloaded({ ...said, httpStatus: 502 }),
      new ProviderOverloaded({ ...said, httpStatus: 529 }),
      new BodyTooLarge({})
    ].map((error) => encodeOpenAiError(error, "r"))
    assert.deepStrictEqual(
      answers.map(({ body, status }) => `${status} ${body.error.type} ${body.error.code}`),
      [
        "401 invalid_request_error invalid_api_key",
        "403 permission_error permission_denied",
        "404 invalid_request_error model_not_found",
        "400 invalid_request_error null",
        "409 invalid_request_error conflict",
        "413 invalid_request_error request_too_large",
        "501 server_error not_supported",
        "400 invalid_request_error content_filter",
        "429 insufficient_quota insufficient_quota",
        "429 rate_limit_error rate_limit_exceeded",
        "504 server_error timeout",
        "500 server_error null",
        "502 server_error null",
        "503 service_unavailable_error server_is_overloaded",
        "413 invalid_request_error request_too_large"
      ]
    )
  })

  it("keeps the words of an upstream on which clients act, and says their code", () => {
    const reason = "prompt is too long: 210000 tokens > 200000 maximum"
    const { body, status } = encodeOpenAiError(new ModelRequestRejected({ ...said, reason, httpStatus: 413 }), "r")
    assert.deepStrictEqual([status, body.error.message, body.error.code], [400, reason, "context_length_exceeded"])
  })

  it("hands on the code of an upstream where the API has none for the case", () => {
    const [known, tooLong] = ["unsupported_parameter", "context_length_exceeded"].map(
      (errorCode) =>
        encodeOpenAiError(new ModelRequestRejected({ ...said, httpStatus: 400, errorCode }), "r").body.error.code
    )
    assert.deepStrictEqual([known, tooLong], ["unsupported_parameter", "context_length_exceeded"])
  })

  it("hands on how long to wait, in whole seconds, and keeps clients from trying again in vain", () => {
    const { headers } = encodeOpenAiError(new ProviderRateLimited({ ...said, retryAfter: Duration.millis(1200) }), "r")
    assert.deepStrictEqual([headers["retry-after"], headers["x-should-retry"]], ["2", "true"])
    const spent = encodeOpenAiError(new ProviderQuotaExceeded(said), "r").headers
    assert.strictEqual(spent["x-should-retry"], "false")
  })

  it("shows nothing of a defect", () => {
    const { body, status } = encodeOpenAiError(new Error("password=hunter2"), "r")
    assert.deepStrictEqual(
      [status, body.error],
      [500, { message: "Internal server error", type: "server_error", param: null, code: null }]
    )
  })

  it.effect("becomes the error classes of the official SDK", () =>
    Effect.gen(function* () {
      const cases = [
        [new InvalidChatRequest({ path: "messages[0].role", reason: "no" }), BadRequestError, "messages[0].role"],
        [new ProviderAuthFailed({ ...said, httpStatus: 401 }), AuthenticationError, null],
        [new ProviderAuthFailed({ ...said, httpStatus: 403 }), PermissionDeniedError, null],
        [new ModelNotFound({ ...said, model: "m" }), NotFoundError, "model"],
        [new ModelRequestRejected({ ...said, httpStatus: 409 }), ConflictError, null],
        [new ProviderQuotaExceeded(said), RateLimitError, null],
        [new ProviderOverloaded({ ...said, httpStatus: 529 }), InternalServerError, null]
      ] as const
      for (const [error, ErrorClass, param] of cases) {
        const { body, headers, status } = encodeOpenAiError(error, "req_7")
        const thrown = yield* withSdk({ status, headers, body: JSON.stringify(body) }, (client) =>
          client.responses.create({ model: "m", input: "go" }).catch((reason: unknown) => reason)
        )
        assert.instanceOf(thrown, ErrorClass)
        assert.deepStrictEqual([thrown.requestID, thrown.param, thrown.code], ["req_7", param, body.error.code])
      }
    })
  )

  it("says why an upstream is not asked, without its address, and sends no client to sleep over it", () => {
    const url = "http://private.example/v1"
    const cause = new ProviderUnreachable({ provider: "fast", url, reason: "getaddrinfo ENOTFOUND private.example" })
    const error = new ProviderCircuitOpen({
      provider: "fast",
      reason: "it has failed.",
      retryAfter: Duration.seconds(30),
      lastFailure: { code: cause.code, message: cause.message },
      cause
    })
    const { body, headers, status } = encodeOpenAiError(error, "r")
    assert.deepStrictEqual([status, body.error.code], [503, "server_is_overloaded"])
    assert.deepStrictEqual([headers["x-should-retry"], headers["retry-after"]], ["false", "5"])
    assert.include(body.error.message, "PROVIDER_UNREACHABLE: fast cannot be reached (ENOTFOUND)")
    assert.notInclude(JSON.stringify(body), "private")
  })
})
