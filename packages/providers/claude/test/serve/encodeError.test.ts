import { assert, describe, it } from "@effect/vitest"
import {
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderCircuitOpen,
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderUnreachable
} from "@signalbox/model"
import { encodeError, InvalidMessagesRequest } from "@signalbox/provider-claude/serve"
import { ErrorWire } from "@signalbox/provider-claude/wire"
import { Duration, Schema } from "effect"

const provider = "claude"

describe("encodeError", () => {
  it("names the field of a bad request and the SDK's own code", () => {
    const error = new InvalidMessagesRequest({
      path: "thread",
      reason: "not held",
      errorCode: "thread_unsupported_request"
    })
    assert.deepStrictEqual(encodeError(error, "req_1"), {
      status: 400,
      headers: { "content-type": "application/json", "request-id": "req_1", "x-should-retry": "false" },
      body: {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "thread: not held",
          details: { error_code: "thread_unsupported_request" }
        },
        request_id: "req_1"
      }
    })
  })

  it("keeps the words of an upstream on which clients act", () => {
    const reason = "prompt is too long: 210000 tokens > 200000 maximum"
    const { body, status } = encodeError(new ModelRequestRejected({ provider, reason, httpStatus: 413 }), "r")
    assert.strictEqual(body.error.message, reason)
    assert.deepStrictEqual([status, body.error.type], [413, "request_too_large"])
  })

  it("tells apart what an upstream told apart", () => {
    const said = { provider, reason: "no" }
    const answers = [
      new ProviderAuthFailed({ ...said, httpStatus: 401 }),
      new ProviderAuthFailed({ ...said, httpStatus: 403 }),
      new ModelRequestRejected({ ...said, httpStatus: 400 }),
      new ModelRequestRejected({ ...said, httpStatus: 409 }),
      new ModelRequestRejected({ ...said, httpStatus: 501 }),
      new ProviderOverloaded({ ...said, httpStatus: 500 }),
      new ProviderOverloaded({ ...said, httpStatus: 502 }),
      new ProviderOverloaded({ ...said, httpStatus: 503 }),
      new ProviderOverloaded({ ...said, httpStatus: 529 })
    ].map((error) => encodeError(error, "r"))
    assert.deepStrictEqual(
      answers.map(({ body, status }) => `${status} ${body.error.type}`),
      [
        "401 authentication_error",
        "403 permission_error",
        "400 invalid_request_error",
        "409 conflict_error",
        "501 not_supported",
        "500 api_error",
        "502 api_error",
        "503 overloaded_error",
        "529 overloaded_error"
      ]
    )
  })

  it("hands on the API's own code of an upstream", () => {
    const error = new ModelRequestRejected({ provider, reason: "no", httpStatus: 400, errorCode: "tool_name_conflict" })
    assert.deepStrictEqual(encodeError(error, "r").body.error.details, { error_code: "tool_name_conflict" })
  })

  it("hands on how long to wait, in whole seconds", () => {
    const error = new ProviderRateLimited({ provider, reason: "slow down", retryAfter: Duration.millis(1200) })
    const { headers, status } = encodeError(error, "r")
    assert.deepStrictEqual([status, headers["retry-after"], headers["x-should-retry"]], [429, "2", "true"])
  })

  it("says why an upstream is not asked, without its address, and sends no client to sleep over it", () => {
    const url = "http://private.example/v1/messages"
    const cause = new ProviderUnreachable({ provider, url, reason: "connect ECONNREFUSED 10.0.0.7:80" })
    const { body, headers, status } = encodeError(
      new ProviderCircuitOpen({
        provider,
        reason: "it has failed.",
        retryAfter: Duration.seconds(30),
        lastFailure: { code: cause.code, message: cause.message },
        cause
      }),
      "r"
    )
    assert.deepStrictEqual([status, body.error.type], [503, "overloaded_error"])
    assert.deepStrictEqual([headers["x-should-retry"], headers["retry-after"]], ["false", "5"])
    assert.include(body.error.message, "PROVIDER_UNREACHABLE: claude cannot be reached (ECONNREFUSED)")
    assert.notMatch(JSON.stringify(body), /private|10\.0\.0/)
  })

  it("shows nothing of a defect", () => {
    const { body, status } = encodeError(new Error("password=hunter2"), "r")
    assert.deepStrictEqual([status, body.error], [500, { type: "api_error", message: "Internal server error" }])
    assert.isTrue(Schema.is(ErrorWire)(body))
  })
})
