import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { aiSdkClients } from "./aiSdkClients.ts"
import { anthropicClients } from "./anthropicClients.ts"
import type { Answer, Conversation, Habit } from "./Client.ts"
import { langChainClient } from "./langChainClient.ts"
import { openAiChatClient, openAiResponsesClient } from "./openAiClients.ts"
import { type Line, type Scenario, scenarios } from "./scenarios.ts"
import { conversationIn, joinSpeech } from "./seen.ts"
import { defaults, type MatrixServer, startOver, type Upstream, upstreams } from "./upstreams.ts"

const clients = [...anthropicClients, openAiChatClient, openAiResponsesClient, ...aiSdkClients, langChainClient]

/** What an answer shows of what is expected of it. */
const shown = ({ calls, ...answer }: Answer, fields: object): object => {
  const all: Record<string, unknown> = {
    ...answer,
    calls: calls.map(({ input, name }) => `${name} ${JSON.stringify(input)}`)
  }
  return Object.fromEntries(Object.keys(fields).map((field) => [field, all[field]]))
}

const play = async (chat: Conversation, { turns }: Scenario, habits: ReadonlyArray<Habit>): Promise<void> => {
  let last: Answer | undefined
  for (const [next, expected] of turns) {
    const answer =
      "text" in next
        ? await chat.say(next)
        : await chat.answer((last?.calls ?? []).map((call, index) => ({ call, output: next.outputs[index] ?? "" })))
    const visible = Object.fromEntries(
      Object.entries(expected).filter(([field]) => !habits.some((habit) => habit === `hides ${field}`))
    )
    assert.deepStrictEqual(shown(answer, visible), visible)
    last = answer
  }
}

const isHosted = (line: Line) => typeof line !== "string" && "hosted" in line

const isResult = (line: Line) => typeof line !== "string" && "hosted" in line && line.hosted.startsWith("result")

/** What a client has left out is put back where it has calls of its own in the same turn: before these, and their results. */
const putBack = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  const calls: Array<Line> = []
  const results: Array<Line> = []
  return lines.flatMap((line) => {
    if (isHosted(line)) {
      ;(isResult(line) ? results : calls).push(line)
      return []
    }
    if (typeof line !== "string") return [line]
    if (line.startsWith("calls ")) return [...calls.splice(0), line]
    return line.startsWith("result ") ? [...results.splice(0), line] : [line]
  })
}

/** What comes back of what the server's tools were asked and answered. */
const hostedLines = (lines: ReadonlyArray<Line>, habits: ReadonlyArray<Habit>): ReadonlyArray<Line> => {
  if (habits.includes("drops hosted")) return putBack(lines)
  if (!habits.includes("pairs hosted")) return lines
  const results = lines.filter(isResult)
  return lines.flatMap((line) => {
    if (isResult(line)) return []
    return isHosted(line) ? [line, ...results.splice(0, 1)] : [line]
  })
}

const linesFor = (lines: ReadonlyArray<Line>, habits: ReadonlyArray<Habit>, upstream: Upstream) =>
  joinSpeech(
    hostedLines(lines, habits).flatMap((line) => {
      if (typeof line === "string") return [line]
      if ("hosted" in line) return [line.hosted]
      const thought = line.thought[upstream]
      return thought === undefined || habits.includes("drops thoughts") ? [] : [thought]
    })
  )

for (const upstream of upstreams) {
  describe(`over ${upstream}`, () => {
    let server: MatrixServer
    beforeAll(async () => {
      server = await startOver(upstream)
    })
    afterAll(() => server[Symbol.asyncDispose]())

    for (const client of clients) {
      describe(client.name, () => {
        for (const scenario of scenarios) {
          for (const isStreamed of [false, true]) {
            it(`${scenario.name}, ${isStreamed ? "streamed" : "whole"}`, async () => {
              const settings = { ...defaults, ...scenario.settings, isStreamed }
              const habits = client.habits(settings)
              server.fxLlm.use(scenario.replies)
              const before = server.fxLlm.requests.length
              await play(client.open(server.url, settings), scenario, habits)
              assert.strictEqual(server.fxLlm.requests.length - before, scenario.replies.length)
              const last = server.fxLlm.requests.at(-1)
              assert.isDefined(last)
              assert.deepStrictEqual(conversationIn(last), linesFor(scenario.asked, habits, upstream))
              if (scenario.offered !== undefined) assert.deepStrictEqual(last.offeredTools, scenario.offered)
            })
          }
        }
      })
    }
  })
}
