import { assert, describe, it } from "@effect/vitest"
import { duplicateCodes, errorTable, isSignalboxError } from "@signalbox/errors"
import {
  AuthorizationRequired,
  ConnectionClosed,
  countsAsConnectionFailure,
  mcpErrors,
  RequestTimeout,
  RequestTooLarge,
  ServerExited,
  ServerHttpStatus,
  ServerUnreachable,
  SessionExpired,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown,
  wasNotExecuted
} from "@signalbox/mcp"
import { Duration } from "effect"

const serverName = "files"
const call = { serverName, toolName: "write" }
const limit = Duration.millis(300)
const status = (httpStatus: number) =>
  new ServerHttpStatus({ serverName, method: "tools/call", httpStatus, challenge: undefined, excerpt: "" })

const rows = [
  {
    error: new ServerExited({ serverName, exitCode: 1, signal: undefined, stderrTail: [] }),
    counts: true,
    unexecuted: false
  },
  { error: new ToolCallTimeout({ ...call, limit, limitName: "callTimeout" }), counts: true, unexecuted: false },
  { error: new ToolOutcomeUnknown({ ...call, reason: "x" }), counts: true, unexecuted: false },
  { error: new RequestTimeout({ serverName, method: "ping", limit }), counts: true, unexecuted: false },
  { error: new ServerUnreachable({ serverName, url: "http://h", reason: "refused" }), counts: true, unexecuted: true },
  { error: status(500), counts: true, unexecuted: false },
  { error: status(503), counts: true, unexecuted: true },
  { error: status(429), counts: false, unexecuted: true },
  { error: status(408), counts: false, unexecuted: false },
  {
    error: new ToolCallRejected({ ...call, rpcCode: -32602, rpcMessage: "no", data: undefined }),
    counts: false,
    unexecuted: false
  },
  { error: new ConnectionClosed({ serverName, reason: "gone" }), counts: false, unexecuted: true },
  { error: new SessionExpired({ serverName }), counts: false, unexecuted: true },
  { error: new AuthorizationRequired({ serverName, challenge: undefined }), counts: false, unexecuted: true },
  { error: new RequestTooLarge({ ...call, limitBytes: 1 }), counts: false, unexecuted: true }
] as const

describe("the errors", () => {
  it("have codes of their own", () => {
    assert.deepStrictEqual(duplicateCodes(mcpErrors), [])
    assert.strictEqual(errorTable(mcpErrors).length, mcpErrors.length)
  })
  for (const { counts, error, unexecuted } of rows) {
    const name = "httpStatus" in error ? `${error._tag} ${error.httpStatus}` : error._tag
    it(`${name} ${counts ? "counts" : "does not count"} for a breaker, and ${unexecuted ? "proves" : "does not prove"} that nothing ran`, () => {
      assert.strictEqual(countsAsConnectionFailure(error), counts)
      assert.strictEqual(wasNotExecuted(error), unexecuted)
      assert.isTrue(isSignalboxError(error))
      assert.include(error.message, serverName)
    })
  }
})
