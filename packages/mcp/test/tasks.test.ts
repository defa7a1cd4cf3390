import { assert, describe, it } from "@effect/vitest"
import { type CallProgress, connect, type McpClient, type Questions, type Respondent } from "@signalbox/mcp"
import { type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Duration, Effect, Fiber } from "effect"
import { fileURLToPath } from "node:url"
import { eventually, onNode, reached, stdioServer, temporaryFolder, using, verdict, type Way, ways } from "./fixture.ts"

const questions: Questions = { elicitation: ["form"], sampling: false, roots: undefined }

const ada: Respondent = {
  id: "ada",
  elicit: () => Effect.succeed({ action: "accept", content: { name: "Ada" } }),
  sample: () => Effect.succeed(undefined)
}

/** Lists the tools of a server whose calls are tasks, and looks at its log. */
const withTasks = <A, E>(
  way: Way,
  flags: FxMcpFlags,
  use: (client: McpClient, log: () => ReturnType<typeof readFxMcpLog>) => Effect.Effect<A, E>,
  limits: { readonly callTimeout?: Duration.Duration } = {}
) =>
  onNode(
    Effect.gen(function* () {
      const log = (yield* temporaryFolder).file("fx.log")
      const server = yield* reached(way, { tasks: "required", ...flags, log }, limits)
      const client = yield* connect(server, questions)
      yield* client.listTools
      return yield* use(client, () => readFxMcpLog(log))
    })
  )

const textOf = (content: ReadonlyArray<unknown>) => JSON.stringify(content)

describe("a call that becomes a task", () => {
  // The transport of 2024-11-05 has no tasks.
  for (const way of ways.filter((way) => !way.startsWith("SSE"))) {
    describe(way, () => {
      it.live("answers with the result of the task, which ran once", () =>
        withTasks(way, { callDelay: 150 }, (client, log) =>
          Effect.gen(function* () {
            const { content, isError } = yield* client.callTool({ name: "echo", input: { text: "hello" } })
            assert.deepStrictEqual(content, [{ type: "text", text: "hello" }])
            assert.isFalse(isError)
            const events = log()
            assert.lengthOf(
              events.filter(({ event }) => event === "task"),
              1
            )
            assert.lengthOf(
              events.filter(({ event }) => event === "call_start"),
              1
            )
            assert.isAbove(events.filter(({ method }) => method === "tasks/get").length, 1)
          })
        )
      )

      it.live("says what the tool says of its own failure, and fails when the server fails", () =>
        withTasks(way, {}, (client) =>
          Effect.gen(function* () {
            const failed = yield* client.callTool({ name: "fail", input: { text: "no luck" } })
            assert.isTrue(failed.isError)
            assert.include(textOf(failed.content), "no luck")
            const error = yield* Effect.flip(client.callTool({ name: "ask", input: { question: "nonsense" } }))
            assert.strictEqual(error._tag, "ToolCallRejected")
            assert.include(error.message, 'There is no question "nonsense".')
          })
        )
      )

      it.live("is cancelled when its caller gives up", () =>
        withTasks(way, {}, (client, log) =>
          Effect.gen(function* () {
            const call = yield* Effect.forkChild(client.callTool({ name: "sleep", input: { milliseconds: 60_000 } }))
            yield* eventually("the task to run", () => log().some(({ event }) => event === "call_start"))
            yield* eventually("a look at it", () => log().some(({ method }) => method === "tasks/get"))
            yield* Fiber.interrupt(call)
            yield* eventually("its end", () => log().some(({ outcome }) => outcome === "cancelled"))
          })
        )
      )

      it.live("is cancelled when its time is over", () =>
        withTasks(
          way,
          {},
          (client, log) =>
            Effect.gen(function* () {
              const call = client.callTool({ name: "sleep", input: { milliseconds: 60_000 } })
              assert.strictEqual(yield* verdict(call), "TOOL_CALL_TIMEOUT")
              yield* eventually("its end", () => log().some(({ outcome }) => outcome === "cancelled"))
            }),
          { callTimeout: Duration.millis(400) }
        )
      )

      it.live("asks the person behind it", () =>
        withTasks(way, {}, (client) =>
          Effect.gen(function* () {
            const call = { name: "ask", input: { question: "elicitation" }, respondent: ada }
            const { content } = yield* client.callTool(call)
            assert.include(textOf(content), "Ada")
          })
        )
      )
    })
  }

  it.live("whose server is lost leaves the outcome unknown", () =>
    withTasks("stdio 2025", { callDelay: 100 }, (client) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* verdict(client.callTool({ name: "kill_self", input: {} })), "TOOL_OUTCOME_UNKNOWN")
      })
    )
  )

  it.live("is not asked for where the server runs its calls either way", () =>
    withTasks("stdio 2025", { tasks: "optional" }, (client, log) =>
      Effect.gen(function* () {
        yield* client.callTool({ name: "echo", input: { text: "hello" } })
        assert.isFalse(log().some(({ event }) => event === "task"))
      })
    )
  )
})

const program = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"))

describe("the research of the reference server", () => {
  it.live("is a task that says how far it is", () =>
    onNode(
      using(stdioServer({ command: process.execPath, args: [program, "stdio"] }), (client) =>
        Effect.gen(function* () {
          const { tools } = yield* client.listTools
          const research = tools.find(({ execution }) => execution?.taskSupport === "required")
          assert.isDefined(research)
          const seen: Array<CallProgress> = []
          const { content, isError } = yield* client.callTool({
            name: research.name,
            input: { topic: "railways" },
            onProgress: (progress) => Effect.sync(() => void seen.push(progress))
          })
          assert.isFalse(isError)
          assert.include(textOf(content), "railways")
          assert.isAbove(seen.length, 1)
          const steps = seen.map(({ progress }) => progress)
          assert.deepStrictEqual(
            steps,
            [...new Set(steps)].toSorted((a, b) => a - b)
          )
          assert.isTrue(seen.every(({ message }) => message !== undefined))
        })
      )
    )
  )
})
