/**
 * Processes that run turns of one conversation are killed at any moment, again and again, and others go on. What was said to be
 * done is there, a call that may not run twice does not, and what the model is told of each call is so: a witness beside the
 * history knows what the tools did.
 */
import type { ContentBlock, Message, ToolResultBlock } from "@signalbox/model"
import type { ChatEvent } from "@signalbox/conversation"
import { makeRandom, type Random } from "@signalbox/testing"
import { Effect } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type ReadFile, readConversation } from "./history/readFile.ts"
import { type StartWorker, workersIn } from "./history/workers.ts"
import { quantile } from "./measure.ts"
import { amountOf, atLeast, atMost, none, type Proof, type ProofRun } from "./Proof.ts"
import { endLeftovers, folder, newMark } from "./servers.ts"
import { noProcessLeft } from "./traces.ts"

/** How many processes work at a conversation at once, and how many of them are killed before it is looked at. */
const slots = 3
const killsPerConversation = 24

interface Place {
  readonly start: StartWorker
  readonly history: string
  readonly witness: string
  readonly conversation: string
  readonly fault: string
}

/** When a process is killed: in a call, or so long after it has said something so often. */
const endOf = (random: Random) => {
  const isInCall = random.next() < 0.4
  return {
    word: isInCall ? "write " : "ack ",
    times: isInCall ? 1 + Math.floor(random.next() * 3) : Math.max(0, Math.floor(random.next() * 4) - 1),
    millis: isInCall ? 0 : random.next() * (random.next() < 0.5 ? 15 : 100)
  }
}

/** Kills one process after the other. Answers with the requests that were acknowledged. */
const killInSlot = async (place: Place, slot: number, kills: number, random: Random) => {
  const acknowledged: Array<string> = []
  let open: string | undefined
  for (let kill = 0; kill < kills; kill++) {
    const again = open !== undefined && random.next() < 0.5 ? [open] : []
    const { conversation, fault, history, witness } = place
    const { ended, lines, process, said } = place.start(
      "turns",
      history,
      conversation,
      `s${slot}-${kill}`,
      witness,
      fault,
      ...again
    )
    const { millis, times, word } = endOf(random)
    await said((line) => line === "ready")
    await said(() => lines.filter((line) => line.startsWith(word)).length >= times)
    if (millis > 0) await new Promise((resolve) => setTimeout(resolve, millis))
    process.kill("SIGKILL")
    await ended
    const ids = (word: string) =>
      lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
    const acks = ids("ack")
    acknowledged.push(...acks)
    open = ids("start").find((id) => !acks.includes(id))
  }
  return acknowledged
}

interface Answer {
  readonly text: string
  readonly history: ReadonlyArray<Message>
}

/** What a new process makes of it, and how long it takes from its start to its answer. */
const goOn = async ({ conversation, fault, history, start, witness }: Place) => {
  const from = performance.now()
  const { ended, said } = start("answer", history, conversation, "hello", witness, fault)
  const line = await said((text) => text.startsWith("{"))
  const millis = performance.now() - from
  await ended
  // The worker has written it.
  return { millis, answer: line === undefined ? undefined : (JSON.parse(line) as Answer) }
}

const isResult = (block: ContentBlock): block is ToolResultBlock => block.type === "tool_result"

const callsOf = (message: Message | undefined): ReadonlyArray<string> =>
  (message?.content ?? []).flatMap((block) => (block.type === "tool_use" ? [block.id] : []))

const resultsOf = (message: Message | undefined): ReadonlyArray<string> =>
  (message?.content ?? []).filter(isResult).map(({ tool_use_id }) => tool_use_id)

/** What providers refuse of one message. */
const refusedAlone = ({ content, role }: Message, where: string): ReadonlyArray<string> => {
  const other = content.findIndex((block) => !isResult(block))
  const isMixed = other !== -1 && content.slice(other).some(isResult)
  return [
    ...(content.length === 0 ? [`${where} is empty`] : []),
    ...(content.some((block) => block.type === "text" && block.text === "") ? [`${where} has an empty text`] : []),
    ...(isMixed ? [`${where} has results after other blocks`] : []),
    ...(role !== "user" && content.some(isResult) ? [`${where} has results and is not a user's`] : [])
  ]
}

/** What providers refuse. */
const refused = (messages: ReadonlyArray<Message>): ReadonlyArray<string> => [
  ...(messages[0]?.role === "user" ? [] : ["the first message is not a user's"]),
  ...messages.flatMap((message, index) => {
    const answered = resultsOf(messages[index + 1])
    const asked = callsOf(messages[index - 1])
    const notOnce = callsOf(message).filter((id) => answered.filter((other) => other === id).length !== 1)
    return [
      ...refusedAlone(message, `message ${index}`),
      ...notOnce.map((id) => `${id} is not answered once`),
      ...resultsOf(message)
        .filter((id) => !asked.includes(id))
        .map((id) => `${id} is answered in the wrong place`)
    ]
  })
]

const textOfResult = (event: Extract<ChatEvent, { type: "tool_result" }>): string => JSON.stringify(event.content ?? "")

/** What the records tell of the calls that may not run twice, against what the witness has seen. */
const untrue = ({ events }: ReadFile, witness: ReadonlyMap<string, number>): ReadonlyArray<string> =>
  events.flatMap((event) => {
    if (event.type !== "tool_result" || !event.tool_call_id.startsWith("write ")) return []
    const runs = witness.get(event.tool_call_id) ?? 0
    const text = textOfResult(event)
    if (text.includes("write is done"))
      return runs === 1 ? [] : [`${event.tool_call_id} is said to be done; it ran ${runs} times`]
    if (text.includes("TURN_LOST")) return runs === 0 ? [] : [`${event.tool_call_id} is said not to have run; it did`]
    return text.includes("JOURNAL_OUTCOME_UNKNOWN") ? [] : [`${event.tool_call_id}: ${text}`]
  })

/** Requests that were acknowledged, and whose answer is not there. */
const lost = ({ events }: ReadFile, acknowledged: ReadonlyArray<string>): ReadonlyArray<string> => {
  const answered = new Set(
    events.flatMap((event) =>
      event.type === "assistant_message" && JSON.stringify(event.content).includes("did run ") ? [event.request_id] : []
    )
  )
  return acknowledged.filter((id) => !answered.has(id))
}

const readWitness = async (file: string): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>()
  for (const line of (await readFile(file, "utf8").catch(() => "")).split("\n")) {
    if (line !== "") counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  return counts
}

/** One conversation: so many kills, then a process that may live. */
const tryConversation = async (place: Place, kills: number, random: Random) => {
  const acknowledged = await Promise.all(
    Array.from({ length: slots }, (_, slot) =>
      killInSlot(place, slot, Math.ceil((kills - slot) / slots), random.fork(`${place.conversation} ${slot}`))
    )
  )
  const { answer, millis } = await goOn(place)
  const found = await readConversation(join(place.history, `${place.conversation}.jsonl`))
  const witness = await readWitness(place.witness)
  const acks = acknowledged.flat()
  const inPlace = (text: string) => `${place.conversation}: ${text}`
  return {
    millis,
    acknowledged: acks.length,
    unknown: found.events.filter(
      (event) => event.type === "tool_result" && textOfResult(event).includes("OUTCOME_UNKNOWN")
    ).length,
    faults: found.faults.map(inPlace),
    lost: lost(found, acks).map(inPlace),
    twice: [...witness].flatMap(([call, count]) => (call.startsWith("write ") && count > 1 ? [inPlace(call)] : [])),
    untrue: untrue(found, witness).map(inPlace),
    refused: refused(answer?.history ?? []).map(inPlace),
    unanswered: answer?.text === "did hello" ? [] : [inPlace(`"${answer?.text}"`)]
  }
}

const run = Effect.fnUntraced(function* (given: ProofRun) {
  const { parts, say, seed } = given
  const mark = newMark()
  yield* endLeftovers(mark)
  const space = yield* folder
  const start = yield* workersIn(space.path, mark)
  const kills = amountOf(given, 10_000, 12)
  const random = makeRandom(seed)
  const conversations = Math.ceil(kills / killsPerConversation)
  say(`kills ${kills} processes, ${slots} at a time, in ${conversations} conversations`)
  const results = yield* Effect.forEach(Array.from({ length: conversations }), (_, number) =>
    Effect.tap(
      Effect.promise(() => {
        const place: Place = {
          start,
          history: space.file("history"),
          witness: space.file(`witness${number}`),
          conversation: `c${number}`,
          fault: parts.storeFault
        }
        return tryConversation(place, Math.min(killsPerConversation, kills - number * killsPerConversation), random)
      }),
      () => Effect.sync(() => (number + 1) % 10 === 0 && say(`${number + 1} of ${conversations} conversations`))
    )
  )
  const against = (key: "faults" | "lost" | "twice" | "untrue" | "refused" | "unanswered") =>
    results.flatMap((result) => result[key])
  const sum = (key: "acknowledged" | "unknown") => results.reduce((total, result) => total + result[key], 0)
  const restarts = results.map(({ millis }) => millis)
  const usual = quantile(restarts, 0.5)
  const longest = quantile(restarts, 1)
  return {
    claims: [
      atLeast("turns that were acknowledged", sum("acknowledged"), Math.ceil(kills / 4), "processes die too soon"),
      none("no acknowledged turn is lost", against("lost"), sum("acknowledged")),
      none("no line is torn, no number and no record is there twice", against("faults")),
      none("no call that may not run twice did", against("twice")),
      none("what is told of each call is so", against("untrue")),
      none("every history is one that providers take", against("refused"), conversations),
      none("every conversation goes on", against("unanswered"), conversations),
      // A busy machine is slow with all of them; whoever waits for a dead process is slower than the others.
      atMost("from the start of a process to its answer, usually", usual, 2000, "ms", "the machine may be busy"),
      atMost("what the slowest takes beyond that", longest - usual, 2000, "ms", "see what it has waited for"),
      yield* noProcessLeft(mark)
    ],
    numbers: {
      kills,
      turns: sum("acknowledged"),
      "calls of which nobody knows": sum("unknown"),
      "restart ms": usual,
      "slowest restart ms": longest
    }
  }
})

/** Kills in the middle of turns. */
export const killProof: Proof = {
  description: "10,000 kills in the middle of turns: nothing acknowledged is lost, nothing unsafe runs twice",
  limitSeconds: 14_400,
  run
}
