/**
 * What a request brings to the upstream, and what it leaves nowhere else.
 */
import { withCorrelationId } from "@signalbox/errors"
import { Effect, Logger, References, Stream, Tracer } from "effect"
import { collectReply } from "../../LanguageModel.ts"
import { askFor, toolNamed } from "../requests.ts"
import { mixed } from "./answers.ts"
import type { ContractCase, ContractSubject } from "./ContractSubject.ts"
import { same } from "./same.ts"

/** All texts that can be reached from a value. */
const textsIn = (value: unknown, seen = new Set<unknown>()): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  if (typeof value !== "object" || value === null || seen.has(value)) return []
  seen.add(value)
  const inner = value instanceof Map || value instanceof Set ? [...value] : []
  const own = Object.getOwnPropertyNames(value).map((name): unknown => Reflect.get(value, name))
  return [...inner, ...own].flatMap((each) => textsIn(each, seen))
}

const shows = (key: string, values: ReadonlyArray<unknown>): boolean =>
  textsIn(values).some((text) => text.includes(key))

/** Runs an effect and keeps what it logs, at every level, and its spans. */
const watched = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const logged: Array<unknown> = []
    const spans: Array<Tracer.NativeSpan> = []
    const logger = Logger.make(({ cause, message }) => logged.push(message, cause))
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    return effect.pipe(
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(References.MinimumLogLevel, "All"),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.as({ logged, spans })
    )
  })

export const requests = ({ key, over, provider }: ContractSubject): ReadonlyArray<ContractCase> => [
  {
    name: "asks the model of the request, and its default where that names none",
    check: over({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        yield* model.generate(askFor())
        yield* Stream.runDrain(model.stream(askFor("hello", { model: "another" })))
        yield* same(
          "models",
          upstream.requests.map((request) => request.model),
          [model.defaultModel, "another"]
        )
      })
    )
  },
  {
    name: "sends a round of tools as it was made, the results in call order",
    check: over([mixed, { text: "done" }], (model, upstream) =>
      Effect.gen(function* () {
        const request = askFor("go", { tools: [toolNamed("read"), toolNamed("stat")] })
        const { content } = yield* collectReply(provider, model.stream(request))
        const results = ["toolu_1", "toolu_2"].map((id) => ({
          type: "tool_result" as const,
          tool_use_id: id,
          content: `of ${id}`
        }))
        const messages = [
          ...request.messages,
          { role: "assistant" as const, content },
          { role: "user" as const, content: results }
        ]
        yield* model.generate({ ...request, messages })
        const sent = upstream.requests[1]
        yield* same("results", sent?.toolResults, ["of toolu_1", "of toolu_2"])
        yield* same("tools", sent?.offeredTools, ["read", "stat"])
        yield* same("question", sent?.lastUserText, "go")
      })
    )
  },
  {
    name: "sends the correlation id",
    check: over({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        yield* model.generate(askFor()).pipe(withCorrelationId("request-7"))
        yield* Stream.runDrain(model.stream(askFor())).pipe(withCorrelationId("request-8"))
        const ids = upstream.requests.map(({ headers }) => headers["x-correlation-id"])
        yield* same("ids", ids, ["request-7", "request-8"])
      })
    )
  },
  {
    name: "uses one connection for one request after another",
    check: over({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        for (let round = 0; round < 5; round++) yield* Stream.runDrain(model.stream(askFor()))
        yield* same("connections", upstream.connections, 1)
        const outcomes = new Set(upstream.requests.map(({ outcome }) => outcome))
        yield* same("outcomes", [...outcomes], ["completed"])
      })
    )
  },
  {
    name: "shows its key in no log and no span",
    check: over([{ text: "hi" }, { text: "ho" }, { fault: { kind: "status", status: 401 } }], (model, upstream) =>
      Effect.gen(function* () {
        const { logged, spans } = yield* watched(
          Effect.gen(function* () {
            yield* model.generate(askFor())
            yield* Stream.runDrain(model.stream(askFor()))
            yield* Effect.logError(yield* Effect.flip(model.generate(askFor())))
          })
        )
        const attributes = spans.map((span) => span.attributes)
        yield* same("the upstream sees it", shows(key, [upstream.requests[0]?.headers]), true)
        yield* same("there are spans and lines", spans.length > 0 && logged.length > 0, true)
        yield* same("they show it", shows(key, [logged, attributes]), false)
      })
    )
  }
]
