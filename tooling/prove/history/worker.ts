/**
 * A process that works at a conversation which is kept in files, for the proofs that kill such processes. What it has been told
 * it says at once on its standard output: `ready`, `start ID` and `ack ID` for turns, `write KEY` and `look KEY` while tools are at
 * it, `done FROM TO` for appends.
 *
 *     append FOLDER CONVERSATION PREFIX COUNT FAULT
 *     turns  FOLDER CONVERSATION PREFIX WITNESS FAULT [ID]   (ID: goes on with this request first)
 *     answer FOLDER CONVERSATION TEXT WITNESS FAULT
 *     none   (does nothing: so that Node has compiled the program)
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ConversationSession, collectTurn, EventStore, Journal, noHooks, presetLimits } from "@signalbox/conversation"
import { FileLock, layerJsonl, ProcessIdentities } from "@signalbox/conversation/jsonl"
import {
  eventsOf,
  Interaction,
  makeLanguageModel,
  type Message,
  textOf,
  textResult,
  type Toolbox,
  type ToolDefinition
} from "@signalbox/model"
import { Effect, Layer, Logger, Stream } from "effect"
import { appendFileSync, writeSync } from "node:fs"
import { hostname } from "node:os"
import type { StoreFault } from "./StoreFault.ts"

const say = (line: string) => void writeSync(1, `${line}\n`)

const realLocks = FileLock.layer.pipe(
  Layer.provide(ProcessIdentities.layer({ pid: process.pid, hostname: hostname() }))
)
const noLocks = Layer.succeed(FileLock, {
  acquire: () => Effect.void,
  isWanted: () => Effect.succeed(false)
})

const storeIn = (folder: string, fault: StoreFault) =>
  Layer.effect(EventStore, Effect.map(EventStore, faulty(fault))).pipe(
    Layer.provide(
      layerJsonl({ folder, durability: "fsync", strict: false, writesThrough: process.platform === "linux" })
    ),
    Layer.provide(fault === "no-lock" ? noLocks : realLocks),
    Layer.provide(NodeServices.layer),
    Layer.provideMerge(Logger.layer([]))
  )

/** The store, or one with a fault that a proof has to find. */
const faulty =
  (fault: StoreFault) =>
  (store: EventStore["Service"]): EventStore["Service"] => {
    if (fault === "says-it-too-early") {
      return {
        ...store,
        addEvents: (id, events) =>
          Effect.as(
            Effect.forkDetach(Effect.delay(store.addEvents(id, events), "1 second")),
            events.map(() => true)
          )
      }
    }
    if (fault !== "forgets-what-was-begun") return store
    return {
      ...store,
      getEvents: (id, query) =>
        Effect.map(store.getEvents(id, query), (events) =>
          events.filter((event) => event.type !== "meta" || event.kind !== "step_begun")
        )
    }
  }

/** Asked for `run ID`, it calls `write` and `look` twice, one time after the other; then it says what it was asked. */
const model = makeLanguageModel({
  provider: "proof",
  defaultModel: "proof",
  stream: ({ messages }) => Stream.suspend(() => Stream.fromIterable(eventsOf(replyTo(messages))))
})

const isQuestion = ({ content, role }: Message) => role === "user" && textOf(content) !== ""

const replyTo = (messages: ReadonlyArray<Message>) => {
  const from = messages.findLastIndex(isQuestion)
  // What nobody has answered, because its program had ended, stands before it in the same message.
  const said = textOf(messages[from]?.content.slice(-1) ?? [])
  const rounds = messages.slice(from).filter(({ role }) => role === "assistant").length
  const isDone = !said.startsWith("run ") || rounds >= 2
  return {
    id: "m",
    model: "proof",
    content: isDone
      ? [{ type: "text" as const, text: `did ${said}` }]
      : ["write", "look"].map((name) => ({
          type: "tool_use" as const,
          id: `${name} ${said.slice(4)}/${rounds}`,
          name,
          input: { key: `${said.slice(4)}/${rounds}` }
        })),
    stop_reason: isDone ? "end_turn" : "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 }
  }
}

const tool = (name: string, isReadOnly: boolean): ToolDefinition => ({
  name,
  originalName: name,
  description: "",
  inputSchema: { type: "object" },
  annotations: { readOnlyHint: isReadOnly },
  runBy: { _tag: "Host", source: "proof" },
  isTrusted: true
})

/** What a tool has done is in the file of the witness, whatever becomes of this process. */
const toolsWith = (witness: string): Toolbox["Service"] => ({
  list: Effect.succeed([tool("write", false), tool("look", true)]),
  call: (name, { key }) =>
    Effect.sync(() => {
      appendFileSync(witness, `${name} ${String(key)}\n`)
      say(`${name} ${String(key)}`)
    }).pipe(
      // Time to be killed in, before and after.
      Effect.delay("2 millis"),
      Effect.andThen(Effect.sleep("15 millis")),
      Effect.as(textResult(`${name} is done`))
    )
})

const sessionOf = Effect.fnUntraced(function* (conversation: string, witness: string) {
  return yield* ConversationSession.make({
    id: conversation,
    model,
    toolbox: toolsWith(witness),
    limits: presetLimits,
    journal: Journal.none,
    hooks: noHooks,
    request: { system: [], maxTokens: 100 },
    call: { principal: "local", interaction: Interaction.decline },
    store: yield* EventStore
  })
})

const [verb = "", folder = "", conversation = "", ...rest] = process.argv.slice(2)

const append = (prefix: string, count: number) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.getEvents(conversation)
    say("ready")
    yield* Effect.callback<void>((resume) => void process.stdin.once("data", () => resume(Effect.void)))
    const from = performance.timeOrigin + performance.now()
    for (let n = 0; n < count; n++) {
      const id = `${prefix}-${n}`
      yield* store.addEvents(conversation, [
        { type: "user_message", role: "user", content: [{ type: "text", text: `this is ${id}` }], request_id: id }
      ])
    }
    say(`done ${from} ${performance.timeOrigin + performance.now()}`)
  })

const turns = (prefix: string, witness: string, open: string | undefined) =>
  Effect.gen(function* () {
    const session = yield* sessionOf(conversation, witness)
    say("ready")
    const run = (id: string) =>
      Effect.gen(function* () {
        say(`start ${id}`)
        yield* collectTurn(session.send(`run ${id}`, { requestId: id }))
        say(`ack ${id}`)
      })
    if (open !== undefined) yield* run(open)
    for (let n = 0; ; n++) yield* run(`${prefix}-${n}`)
  })

const answer = (text: string, witness: string) =>
  Effect.gen(function* () {
    const session = yield* sessionOf(conversation, witness)
    const result = yield* collectTurn(session.send(text))
    say(JSON.stringify({ text: result.text, history: yield* session.history }))
  })

const work = (): Effect.Effect<void, unknown, EventStore> => {
  const [first = "", second = "", , open] = rest
  if (verb === "none") return Effect.void
  if (verb === "append") return append(first, Number(second))
  return verb === "turns" ? turns(first, second, open) : answer(first, second)
}

// The proof that starts it says which faults there are.
const fault = (rest[2] ?? "none") as StoreFault
await Effect.runPromise(Effect.provide(work(), storeIn(folder, fault)))
process.exit(0)
