import { assert, describe, it } from "@effect/vitest"
import { type ServedTools, serveOverStdio } from "@signalbox/mcp/serve"
import { Duration, Effect, Stream } from "effect"
import { PassThrough } from "node:stream"
import { text } from "node:stream/consumers"

/** `now` answers, `never` does not, and notes that it was stopped. */
const served = (stopped: Array<string>): ServedTools => ({
  name: "test",
  version: "1.0.0",
  instructions: "",
  list: Effect.succeed([]),
  changes: Stream.empty,
  call: ({ name }) =>
    name === "never"
      ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => void stopped.push(name)))
      : Effect.succeed({ _tag: "Result", content: [{ type: "text", text: name }], isError: false })
})

const initialize = {
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1.0.0" } }
}
const call = (id: number, name: string) => ({ id, method: "tools/call", params: { name, arguments: {} } })
const cancel = (requestId: number) => ({ method: "notifications/cancelled", params: { requestId } })

/** What is written by the time the face has left, to a client that asks all of this and closes its side. */
const answersTo = Effect.fnUntraced(function* (
  messages: ReadonlyArray<object>,
  grace: Duration.Input,
  stopped: Array<string> = []
) {
  const [input, output] = [new PassThrough(), new PassThrough()]
  input.end(messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""))
  yield* serveOverStdio(served(stopped), { input, output, grace: Duration.fromInputUnsafe(grace) })
  output.end()
  const lines = (yield* Effect.promise(() => text(output))).trimEnd().split("\n")
  return lines.map((line) => JSON.parse(line))
})

describe("tools over two streams", () => {
  it.live("are answered, all that was asked before the end of the input", () =>
    Effect.gen(function* () {
      const answers = yield* answersTo([initialize, call(2, "now"), call(3, "never"), cancel(3)], "1 hour")
      assert.deepStrictEqual(
        answers.map(({ id }) => id),
        [1, 2]
      )
      assert.deepInclude(answers[1].result.content[0], { text: "now" })
    })
  )

  it.live("are stopped some time after it, and say so", () =>
    Effect.gen(function* () {
      const stopped: Array<string> = []
      const answers = yield* answersTo([initialize, call(2, "never"), call(3, "now")], "500 millis", stopped)
      assert.deepStrictEqual(
        answers.map(({ id }) => id),
        [1, 3, 2]
      )
      assert.isTrue(answers[2].result.isError)
      assert.include(answers[2].result.content[0].text, "did not end within 500ms")
      assert.deepStrictEqual(stopped, ["never"])
    })
  )
})
