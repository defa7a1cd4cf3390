import { assert, describe, it } from "@effect/vitest"
import {
  connect,
  type McpClient,
  noQuestions,
  type Questions,
  type Respondent,
  type Sampling,
  type ServerOptions
} from "@signalbox/mcp"
import { type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Deferred, Duration, Effect, Fiber, Stream } from "effect"
import { eventually, onNode, reached, temporaryFolder, verdict, type Way, ways } from "./fixture.ts"

const everything: Questions = {
  elicitation: ["form", "url"],
  sampling: true,
  roots: [{ uri: "file:///work", name: "work" }]
}

/** Declared whatever can be answered. */
const always = { extensions: { "io.modelcontextprotocol/tasks": {} } }

/** Connects one way, and says what reached the server. */
const through = <A, E>(
  way: Way,
  use: (client: McpClient, log: string) => Effect.Effect<A, E>,
  questions: Questions = everything,
  flags: FxMcpFlags = {},
  limits: Partial<ServerOptions> = {}
) =>
  onNode(
    Effect.gen(function* () {
      const log = (yield* temporaryFolder).file("fx.log")
      const server = yield* reached(way, { ...flags, log }, limits)
      return yield* use(yield* connect(server, questions), log)
    })
  )

const respondent = (answers: Partial<Respondent>): Respondent => ({
  id: "ada",
  elicit: () => Effect.succeed({ action: "cancel" }),
  sample: () => Effect.succeed(undefined),
  ...answers
})

const accepting = (id: string, name: unknown): Respondent =>
  respondent({ id, elicit: () => Effect.succeed({ action: "accept", content: { name } }) })

/** Calls the tool that asks; its answer is what it was told. */
const ask = (client: McpClient, question: string, who?: Respondent) =>
  client
    .callTool({ name: "ask", input: { question }, ...(who === undefined ? {} : { respondent: who }) })
    .pipe(Effect.map(({ content }): unknown => JSON.parse(String(content[0]?.["text"]))))

/** A call that goes on until it is interrupted. */
const underWay = Effect.fnUntraced(function* (client: McpClient, log: string, who: Respondent) {
  const call = { name: "sleep", input: { milliseconds: 50_000 }, respondent: who }
  const fiber = yield* Effect.forkChild(client.callTool(call))
  yield* eventually("a call to start", () => readFxMcpLog(log).some(({ event }) => event === "call_start"))
  return fiber
})

const declineLate = () => Effect.as(Effect.sleep("1500 millis"), { action: "decline" } as const)

for (const way of ways) {
  const isModern = way.endsWith("2026")

  describe.concurrent(`a question over ${way}`, () => {
    it.live("with a form reaches the respondent of its call, and absent members get their defaults", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const answer = yield* ask(
            client,
            "elicitation",
            respondent({
              elicit: (question) => {
                if (question.mode !== "form") return Effect.die("not a form")
                assert.strictEqual(question.message, "What is your name?")
                assert.deepStrictEqual(question.schema["required"], ["name"])
                assert.isDefined(question.violation({ name: 1 }))
                assert.isUndefined(question.violation({ name: "Ada" }))
                return Effect.succeed({ action: "accept", content: { name: "Ada" } })
              }
            })
          )
          assert.deepStrictEqual(answer, { action: "accept", content: { colour: "green", name: "Ada" } })
        })
      )
    )
    it.live("with a form is cancelled rather than answered against its schema", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* ask(client, "elicitation", accepting("ada", 7)), { action: "cancel" })
        })
      )
    )
    it.live("with a page to visit reaches the respondent", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const seen: Array<string> = []
          const who = respondent({
            elicit: (question) => {
              if (question.mode === "url") seen.push(question.url)
              return Effect.succeed({ action: "accept" })
            }
          })
          assert.deepStrictEqual(yield* ask(client, "url", who), { action: "accept" })
          assert.deepStrictEqual(seen, ["https://example.com/sign-in"])
        })
      )
    )
    it.live("for a model is answered", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const wishes: Array<Sampling> = []
          const who = respondent({
            sample: (wish) => {
              wishes.push(wish)
              return Effect.succeed({ model: "m", content: [{ type: "text", text: "Yes." }], stopReason: "endTurn" })
            }
          })
          assert.deepStrictEqual(yield* ask(client, "sampling", who), {
            role: "assistant",
            model: "m",
            content: { type: "text", text: "Yes." },
            stopReason: "endTurn"
          })
          assert.strictEqual(wishes[0]?.maxTokens, 16)
          assert.deepStrictEqual(wishes[0]?.messages, [
            { role: "user", content: [{ type: "text", text: "Say one word." }] }
          ])
        })
      )
    )
    it.live("for the roots is answered by the connection", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* ask(client, "roots"), { roots: [{ uri: "file:///work", name: "work" }] })
        })
      )
    )
    it.live("is declined when the call has nobody to ask", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* ask(client, "elicitation"), { action: "decline" })
          if (isModern) {
            assert.strictEqual(yield* verdict(ask(client, "sampling")), "SERVER_QUESTION_UNANSWERED")
          } else {
            assert.nestedPropertyVal(yield* ask(client, "sampling"), "error.code", -1)
          }
        })
      )
    )
    it.live("that was not declared is refused, and the server was told before", () =>
      through(
        way,
        (client, log) =>
          Effect.gen(function* () {
            const who = respondent({ elicit: () => Effect.die("asked all the same") })
            for (const question of ["elicitation", "sampling", "roots"]) {
              if (isModern) {
                assert.strictEqual(yield* verdict(ask(client, question, who)), "SERVER_QUESTION_UNANSWERED")
              } else {
                assert.nestedPropertyVal(yield* ask(client, question, who), "error.code", -32601)
              }
            }
            const handshake = readFxMcpLog(log).find(({ event }) => event === "initialize")
            assert.deepStrictEqual(handshake?.capabilities, always)
          }),
        noQuestions
      )
    )
    it.live("of a kind that is declared in part is refused in the other", () =>
      through(
        way,
        (client, log) =>
          Effect.gen(function* () {
            const accept = respondent({ elicit: () => Effect.succeed({ action: "accept", content: { name: "Ada" } }) })
            assert.propertyVal(yield* ask(client, "elicitation", accept), "action", "accept")
            const refused = yield* Effect.exit(ask(client, "url", accept))
            assert.strictEqual(refused._tag, isModern ? "Failure" : "Success")
            const handshake = readFxMcpLog(log).find(({ event }) => event === "initialize")
            assert.deepStrictEqual(handshake?.capabilities, { ...always, elicitation: { form: {} } })
          }),
        { ...noQuestions, elicitation: ["form"] }
      )
    )
    it.live("does not outlive its call", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const asked = yield* Deferred.make<void>()
          const dropped = yield* Deferred.make<void>()
          const who = respondent({
            elicit: () =>
              Deferred.succeed(asked, undefined).pipe(
                Effect.andThen(Effect.never),
                Effect.onInterrupt(() => Deferred.succeed(dropped, undefined))
              )
          })
          const call = yield* Effect.forkChild(ask(client, "elicitation", who))
          yield* Deferred.await(asked)
          yield* Fiber.interrupt(call)
          yield* Deferred.await(dropped)
          // In the newest era the question was the answer to the call, so nothing is open.
          if (isModern) return
          yield* eventually("the question to be cancelled", () =>
            readFxMcpLog(log).some(
              (event) => event.event === "response" && JSON.stringify(event.arguments) === '{"action":"cancel"}'
            )
          )
        })
      )
    )
    it.live("is asked of the right one while a call of another is under way, or of nobody", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const other = yield* underWay(client, log, accepting("grace", "Grace"))
          const isNamed = isModern || way.startsWith("HTTP")
          assert.deepStrictEqual(
            yield* ask(client, "elicitation", accepting("ada", "Ada")),
            isNamed ? { action: "accept", content: { colour: "green", name: "Ada" } } : { action: "decline" }
          )
          yield* Fiber.interrupt(other)
        })
      )
    )
    it.live("is asked while other calls of the same conversation are under way", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const other = yield* underWay(client, log, accepting("ada", "Ada"))
          const answer = yield* ask(client, "elicitation", accepting("ada", "Ada"))
          assert.propertyVal(answer, "action", "accept")
          yield* Fiber.interrupt(other)
        })
      )
    )
    it.live("may take longer than a call may be idle", () =>
      through(
        way,
        (client) =>
          Effect.gen(function* () {
            const who = respondent({ elicit: declineLate })
            assert.deepStrictEqual(yield* ask(client, "elicitation", who), { action: "decline" })
          }),
        everything,
        {},
        { idleTimeout: Duration.seconds(1) }
      )
    )
    it.live("is a matter of the one call, and others go on", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const asked = yield* Deferred.make<void>()
          const answered = yield* Deferred.make<void>()
          const who = respondent({
            elicit: () =>
              Deferred.succeed(asked, undefined).pipe(
                Effect.andThen(Deferred.await(answered)),
                Effect.as({ action: "decline" } as const)
              )
          })
          const waiting = yield* Effect.forkChild(ask(client, "elicitation", who))
          yield* Deferred.await(asked)
          assert.strictEqual(yield* verdict(client.callTool({ name: "echo", input: { text: "x" } })), "ok")
          yield* Deferred.succeed(answered, undefined)
          assert.deepStrictEqual(yield* Fiber.join(waiting), { action: "decline" })
        })
      )
    )
  })
}

describe("a log message of the server", () => {
  for (const way of ["stdio 2025", "HTTP 2025", "SSE 2025"] as const) {
    it.live(`is heard over ${way}`, () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const first = yield* Effect.forkChild(Stream.runHead(client.logMessages), { startImmediately: true })
          yield* client.callTool({ name: "log", input: { text: "disk is full", level: "error" } })
          const message = yield* Fiber.join(first)
          assert.deepStrictEqual(message._tag === "Some" && message.value, {
            level: "error",
            logger: "log",
            data: "disk is full"
          })
        })
      )
    )
  }
})
