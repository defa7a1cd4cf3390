/** What several test files share: a turn of two model calls, and the official SDK reading what is served. */
import {
  type ContentBlock,
  eventsOf,
  type ModelReply,
  type RunBy,
  type ServedEvent,
  type ServedStep,
  type ToolResultBlock
} from "@signalbox/model"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import OpenAI from "openai"

/** Names that begin with `host` are the host's. */
export const runBy = (name: string): RunBy =>
  name.startsWith("host") ? { _tag: "Host", source: "files" } : { _tag: "Caller" }

export const said = (words: string) => ({ type: "text", text: words }) as const

export const thought = (thinking: string, signature = "sig"): ContentBlock => ({
  type: "thinking",
  thinking,
  signature
})

export const call = (name: string, id: string): ContentBlock => ({
  type: "tool_use",
  id: `toolu_${id}`,
  name,
  input: { id }
})

export const reply = (content: ReadonlyArray<ContentBlock>, stop = "tool_use"): ModelReply => ({
  id: "msg_up",
  model: "m",
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: {
    input_tokens: 10,
    output_tokens: 3,
    cache_read_input_tokens: 5,
    cache_creation_input_tokens: 1,
    output_tokens_details: { thinking_tokens: 2 }
  }
})

export const result = (id: string, isError = false): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id: `toolu_${id}`,
  content: `answer ${id}`,
  ...(isError ? { is_error: true } : {})
})

/** Thinks, calls two tools of the host, speaks, then calls one of the caller's and one of the host's. */
export const steps: ReadonlyArray<ServedStep> = [
  {
    reply: reply([thought("hm"), said("Let me look."), call("host_a", "1"), call("host_b", "2")]),
    results: [result("1"), result("2", true)]
  },
  {
    reply: reply([thought("aha", "sig2"), said("Found it."), call("mine", "3"), call("host_a", "4")]),
    results: [result("4")]
  }
]

/** Steps with what the server knows of their calls. */
export const marked = (given: ReadonlyArray<ServedStep>): ReadonlyArray<ServedStep> =>
  given.map((step) => ({
    ...step,
    reply: {
      ...step.reply,
      content: step.reply.content.map((block) =>
        block.type === "tool_use" ? { ...block, runBy: runBy(block.name) } : block
      )
    }
  }))

/** What the encoder of a stream is told of these steps. */
export const eventsOfSteps = (given: ReadonlyArray<ServedStep>): ReadonlyArray<ServedEvent> => [
  ...given.flatMap((step): ReadonlyArray<ServedEvent> => [
    ...eventsOf(step.reply).map((event): ServedEvent => ({ type: "model", event })),
    ...step.results.map((each): ServedEvent => ({ type: "result", result: each }))
  ]),
  { type: "end" }
]

/** Runs a state machine over events. */
export const run = <State, Event>(
  start: State,
  encode: (state: State, event: ServedEvent) => readonly [State, ReadonlyArray<Event>],
  inputs: ReadonlyArray<ServedEvent>
) => {
  let state = start
  const events: Array<Event> = []
  for (const input of inputs) {
    const [next, more] = encode(state, input)
    state = next
    events.push(...more)
  }
  return { state, events }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Runs a test with the official SDK against a server that gives this answer. */
export const withSdk = <A>(answer: Answer, use: (client: OpenAI) => Promise<A>) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const listening = createServer((_request, response) => {
          response.writeHead(answer.status, answer.headers)
          response.end(answer.body)
        })
        await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve))
        return listening
      }),
      (listening) => Effect.sync(() => listening.close())
    )
    const { port } = server.address() as AddressInfo // A listening TCP server has an address with a port.
    const client = new OpenAI({ apiKey: "k", baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 })
    return yield* Effect.promise(() => use(client))
  }).pipe(Effect.scoped)

/** A stream that is served. */
export const streamed = (body: string): Answer => ({
  status: 200,
  headers: { "content-type": "text/event-stream; charset=utf-8" },
  body
})

/** As it is in JSON: without what is undefined, and of no type. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
