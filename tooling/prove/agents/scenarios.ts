/**
 * What a coding agent does in its life, each played once over a lane. What counts is what the model and the tools saw, and
 * what the agent said at the end; a scenario answers with what speaks against it.
 */
import { type Reply, type Rule, type SeenRequest, waitFor } from "@signalbox/testing"
import type { Lane } from "./lane.ts"
import type { Program } from "./startProgram.ts"

/** Something that an agent does, and what went wrong. */
export interface Scenario {
  readonly name: string
  readonly play: (lane: Lane) => Promise<ReadonlyArray<string>>
}

const heron = "The word is heron."
const command = "printf 'made by a %s' shell"
const ofShell = "made by a shell"
const ofServer = "told by the server"
const patience = 120_000

/** Answers the conversation of the agent; what else it asks, such as for a title, is echoed. */
const conversation = ({ agent }: Lane, ...replies: ReadonlyArray<Reply>): ReadonlyArray<Rule> => [
  { when: { offersTool: agent.mark }, reply: replies }
]

const requestsOf = ({ agent, llm }: Lane, from: number): ReadonlyArray<SeenRequest> =>
  llm.requests.slice(from).filter(({ offeredTools }) => offeredTools.includes(agent.mark))

const callsOf = (lane: Lane, tool: string, event: "call_start" | "call_end") =>
  lane.toolLog().filter((each) => each.event === event && each.tool === tool)

/** What speaks against the way in which a program ended that should have said something. */
const ended = async (program: Program, said: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  if (!(await program.endsWithin(patience))) {
    program.signal("SIGKILL")
    return [`it did not end: ${program.text().slice(-600)}`]
  }
  const code = await program.ended
  return [
    ...(code === 0 ? [] : [`it ended with ${code}: ${program.text().slice(-600)}`]),
    ...said
      .filter((words) => !program.stdout().includes(words))
      .map((words) => `it did not say ${JSON.stringify(words)}, but ${JSON.stringify(program.stdout().slice(-600))}`)
  ]
}

interface Block {
  readonly type?: string
  readonly role?: string
  readonly content?: unknown
}

const blocksOf = (content: unknown): ReadonlyArray<Block> => (Array.isArray(content) ? content : [])

/** What tools answered in all turns of a request, as the provider was told. */
const toldResults = (request: SeenRequest | undefined): string => {
  // Whatever the body is, it is only looked at.
  const { messages } = (request?.body ?? {}) as { readonly messages?: unknown }
  return blocksOf(messages)
    .flatMap((message) =>
      message.role === "tool" ? [message] : blocksOf(message.content).filter(({ type }) => type === "tool_result")
    )
    .map(({ content }) => JSON.stringify(content))
    .join("\n")
}

const unless = (isSo: boolean, against: () => string): ReadonlyArray<string> => (isSo ? [] : [against()])

const plainAnswer: Scenario = {
  name: "one plain answer",
  play: async (lane) => {
    const from = lane.llm.requests.length
    lane.llm.use(conversation(lane, { text: "Forty-two, as always." }), "echo")
    const against = await ended(lane.start(lane.agent.ask("What is the answer?")), ["Forty-two, as always."])
    const [request, ...more] = requestsOf(lane, from)
    return [
      ...against,
      ...unless(request?.rawBody.includes("What is the answer?") === true, () => "the model did not get the question"),
      ...unless(more.length === 0, () => `the model was asked ${more.length + 1} times`),
      ...unless(request?.offeredTools.includes("echo") === true, () => "the server's tools were not offered")
    ]
  }
}

const ownAndServed: Scenario = {
  name: "its own tools and the server's in one turn",
  play: async (lane) => {
    const from = lane.llm.requests.length
    const before = callsOf(lane, "echo", "call_end").length
    const own = lane.agent.ownCalls(`${lane.project}/secret.txt`, command)
    lane.llm.use(
      conversation(
        lane,
        { text: "I look.", toolCalls: [{ name: "echo", input: { text: ofServer } }, ...own] },
        { text: "Done: {{lastToolResult}}" }
      ),
      "echo"
    )
    const against = await ended(lane.start(lane.agent.ask("Use the tools.")), ["Done:"])
    const requests = requestsOf(lane, from)
    const results = toldResults(requests.at(-1))
    const calls = callsOf(lane, "echo", "call_end").slice(before)
    return [
      ...against,
      ...unless(requests.length === 2, () => `the model was asked ${requests.length} times`),
      ...[heron, ofShell, ofServer]
        .filter((words) => !results.includes(words))
        .map((words) => `the model did not get ${JSON.stringify(words)} as a result: ${JSON.stringify(results)}`),
      ...unless(calls.length === 1 && calls[0]?.outcome === "answered", () => `the server ran ${calls.length} calls`)
    ]
  }
}

const followUp: Scenario = {
  name: "the next question of the same conversation",
  play: async (lane) => {
    const from = lane.llm.requests.length
    const before = callsOf(lane, "echo", "call_start").length
    lane.llm.use(conversation(lane, { text: "It was a heron." }), "echo")
    const against = await ended(lane.start(lane.agent.askAgain("Which word was it?")), ["It was a heron."])
    const [request] = requestsOf(lane, from)
    const [body, results] = [request?.rawBody ?? "", toldResults(request)]
    const again = callsOf(lane, "echo", "call_start").length - before
    return [
      ...against,
      ...["Use the tools.", "I look.", '"name":"echo"', "Which word was it?"]
        .filter((words) => !body.includes(words))
        .map((words) => `the model was not told again: ${words}`),
      ...[heron, ofShell, ofServer]
        .filter((words) => !results.includes(words))
        .map((words) => `the result is lost: ${words}`),
      ...unless(again === 0, () => `the server ran its call ${again} times more`)
    ]
  }
}

const overloaded: Scenario = {
  name: "a provider that is overloaded once",
  play: async (lane) => {
    const from = lane.llm.requests.length
    const fault = { kind: "status", status: 529 } as const
    lane.llm.use(conversation(lane, { fault }, { text: "Here after all." }), "echo")
    const against = await ended(lane.start(lane.agent.ask("Are you there?")), ["Here after all."])
    const seen = requestsOf(lane, from).map(({ status }) => status)
    return [...against, ...unless(String(seen) === "529,200", () => `the provider answered ${String(seen)}`)]
  }
}

/** Ctrl-C. */
const interrupt = async (program: Program): Promise<ReadonlyArray<string>> => {
  program.signal("SIGINT")
  if (await program.endsWithin(10_000)) return []
  program.signal("SIGKILL")
  return [`it does not end: ${program.text().slice(-600)}`]
}

const isTrue = (description: string, test: () => boolean): Promise<ReadonlyArray<string>> =>
  waitFor(test, { description, limitMs: 20_000, everyMs: 20 }).then(
    () => [],
    () => [description]
  )

const stoppedModel: Scenario = {
  name: "Ctrl-C while the model answers",
  play: async (lane) => {
    const from = lane.llm.requests.length
    lane.llm.use(conversation(lane, { text: "This takes some time and never ends.", chunks: 4, hold: 2 }), "echo")
    const program = lane.start(lane.agent.ask("Take your time."))
    const isHeld = () => requestsOf(lane, from).some((request) => request.isHeld)
    const begun = await waitFor(isHeld, { description: "an answer", limitMs: patience }).catch(() => false)
    if (!begun) return [...(await interrupt(program)), `it never asked: ${program.text().slice(-600)}`]
    const stopped = await interrupt(program)
    const closed = await isTrue("the provider's stream was not closed", () =>
      requestsOf(lane, from).every(({ outcome }) => outcome === "closed_by_client")
    )
    lane.llm.release()
    return [...stopped, ...closed]
  }
}

const stoppedTool: Scenario = {
  name: "Ctrl-C while the server's tool runs",
  play: async (lane) => {
    const [before, ends] = (["call_start", "call_end"] as const).map((event) => callsOf(lane, "sleep", event).length)
    lane.llm.use(
      conversation(lane, { toolCalls: [{ name: "sleep", input: { milliseconds: 600_000 } }] }, { text: "No." }),
      "echo"
    )
    const program = lane.start(lane.agent.ask("Sleep."))
    const isRunning = () => callsOf(lane, "sleep", "call_start").length > (before ?? 0)
    const begun = await waitFor(isRunning, { description: "a call", limitMs: patience }).catch(() => false)
    if (!begun) return [...(await interrupt(program)), `the tool never ran: ${program.text().slice(-600)}`]
    const stopped = await interrupt(program)
    const cancelled = await isTrue("the server's call was not cancelled", () => {
      const over = callsOf(lane, "sleep", "call_end").slice(ends ?? 0)
      return over.length > 0 && over.every(({ outcome }) => outcome === "cancelled")
    })
    return [...stopped, ...cancelled]
  }
}

/** In this order: the next question is about the turn before it. */
export const scenarios: ReadonlyArray<Scenario> = [
  plainAnswer,
  ownAndServed,
  followUp,
  overloaded,
  stoppedModel,
  stoppedTool
]
