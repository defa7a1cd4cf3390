import { type Message, textMessage, type ToolResultBlock } from "@signalbox/model"
import { pendingCallsOf, resumeWith } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { strayResults, unanswered } from "./support.ts"

const assistant = (...ids: ReadonlyArray<string>): Message => ({
  role: "assistant",
  content: ids.map((id) => ({
    type: "tool_use",
    id,
    name: id,
    input: {},
    runBy: id.startsWith("h")
      ? { _tag: "Host", source: "s" }
      : id.startsWith("p")
        ? { _tag: "Provider" }
        : { _tag: "Caller" }
  }))
})
const result = (id: string): ToolResultBlock => ({ type: "tool_result", tool_use_id: id, content: `of ${id}` })
const user = (...ids: ReadonlyArray<string>): Message => ({ role: "user", content: ids.map(result) })
const ids = (messages: ReadonlyArray<Message>) =>
  messages.at(-1)?.content.map((block) => (block.type === "tool_result" ? block.tool_use_id : block.type))

describe("going on after calls of the caller's tools", () => {
  const mixed = [textMessage("user", "hi"), assistant("c1", "h1", "c2", "h2"), user("h1", "h2")]

  it("knows which calls are pending", () => {
    assert.deepStrictEqual(
      pendingCallsOf(mixed).map(({ id }) => id),
      ["c1", "c2"]
    )
    assert.deepStrictEqual(pendingCallsOf([textMessage("user", "hi")]), [])
    assert.deepStrictEqual(pendingCallsOf([]), [])
    assert.deepStrictEqual(pendingCallsOf([assistant("p1")]), [])
  })

  it("merges the caller's results with the host's, in call order", () => {
    const resumed = resumeWith(mixed, [result("c2"), result("c1")])
    assert.strictEqual(resumed.length, 3)
    assert.deepStrictEqual(ids(resumed), ["c1", "h1", "c2", "h2"])
    assert.deepStrictEqual(unanswered(resumed), [])
  })

  it("makes the user's message where the host had no results", () => {
    const resumed = resumeWith([assistant("c1", "c2")], [result("c2"), result("c1")])
    assert.deepStrictEqual(ids(resumed), ["c1", "c2"])
  })

  it("answers calls without a result, and leaves out results without a call", () => {
    const resumed = resumeWith(mixed, [result("c1"), result("other")])
    assert.deepStrictEqual(unanswered(resumed), [])
    assert.deepStrictEqual(strayResults(resumed), [])
    const last = resumed.at(-1)?.content[2]
    assert.isTrue(last?.type === "tool_result" && last.is_error)
  })

  it("changes nothing where nothing is pending", () => {
    const complete = [assistant("h1"), user("h1")]
    assert.strictEqual(resumeWith(complete, [result("c1")]), complete)
  })
})
