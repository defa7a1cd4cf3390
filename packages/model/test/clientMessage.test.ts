import {
  clientMessage,
  isToldInPart,
  ModelRequestRejected,
  ProviderCircuitOpen,
  ProviderInvalidResponse,
  ProviderRateLimited,
  ProviderUnreachable
} from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"

const url = "http://models.internal.example:8080/v1/messages"
const unreachable = (reason: string) => new ProviderUnreachable({ provider: "fast", url, reason })

describe("what a client is told of a failure", () => {
  it("names the provider and what the system says, and not where it is", () => {
    const error = unreachable("connect ECONNREFUSED 10.0.0.7:8080")
    assert.include(error.message, url)
    assert.strictEqual(clientMessage(error), "fast cannot be reached (ECONNREFUSED).")
    assert.strictEqual(
      clientMessage(unreachable("getaddrinfo ENOTFOUND models.internal.example")),
      "fast cannot be reached (ENOTFOUND)."
    )
    assert.strictEqual(clientMessage(unreachable("other side closed")), "fast cannot be reached.")
    assert.isTrue(isToldInPart(error))
  })

  it("keeps addresses out of pages that something else under the URL has answered", () => {
    const reason = `HTTP 302: <a href="${url}">Moved</a>`
    const error = new ProviderInvalidResponse({ provider: "fast", reason })
    assert.include(clientMessage(error), 'HTTP 302: <a href="…">Moved</a>')
    assert.isTrue(isToldInPart(error))
  })

  it("says so of the last failure of a provider that is left alone, too", () => {
    const cause = unreachable("connect ECONNREFUSED 10.0.0.7:8080")
    const lastFailure = { code: cause.code, message: cause.message }
    const error = new ProviderCircuitOpen({ provider: "fast", reason: "it has failed.", lastFailure, cause })
    assert.include(error.message, url)
    assert.strictEqual(
      clientMessage(error),
      "fast was not asked: it has failed. Its last failure: PROVIDER_UNREACHABLE: fast cannot be reached (ECONNREFUSED)."
    )
    assert.notInclude(clientMessage(new ProviderCircuitOpen({ provider: "fast", reason: "no.", lastFailure })), url)
  })

  it("is the message of all else, in the words of the upstream where it has refused the request", () => {
    const said = { provider: "fast", reason: "prompt is too long" }
    assert.strictEqual(clientMessage(new ModelRequestRejected({ ...said, httpStatus: 413 })), "prompt is too long")
    const limited = new ProviderRateLimited(said)
    assert.strictEqual(clientMessage(limited), limited.message)
    assert.isFalse(isToldInPart(limited))
    assert.strictEqual(clientMessage(new Error("a bug at /home")), "Internal server error")
  })
})
