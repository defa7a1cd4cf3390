/**
 * Many clients at once: every one of them gets its answer, whole and right, none waits much longer than the others, and
 * afterwards the server has no more memory and no more sockets than before. Messages handed on, and Messages from an upstream
 * of Chat Completions; client, server and upstream are processes of their own.
 */
import { startUpstream } from "@signalbox/bench/programs"
import { waitFor } from "@signalbox/testing"
import { Effect } from "effect"
import { Agent, request } from "node:http"
import { disposed } from "./hostServer.ts"
import { quantile, slopeOf } from "./measure.ts"
import { atLeast, atMost, none, type Proof, type ProofRun } from "./Proof.ts"
import { descriptorsOf, memoryOf, startServe } from "./serveProgram.ts"

const largest = 512

/** How often the largest crowd comes again at scale 1. */
const rounds = 12
/** Rounds before memory is looked at: caches fill, code is compiled, and the heap finds its size. */
const warmUpRounds = 6
/** How much memory may grow with each round, in MB. What is kept of each request would show as a multiple. */
const growthLimit = 1

/** How many times the average the slowest in a hundred may wait. */
const unfairnessLimit = 6

/** Connections that stay open for a while to be used again are closed by then. */
const closingMillis = 8_000
/** Descriptors that a server may open once and for all. */
const allowedDescriptors = 8

/** How requests are asked. */
interface Way {
  readonly upstream: "handed on" | "translated"
  readonly isStreamed: boolean
}

const ways: ReadonlyArray<Way> = (["handed on", "translated"] as const).flatMap((upstream) =>
  [false, true].map((isStreamed) => ({ upstream, isStreamed }))
)

/** How much is asked. */
interface Amount {
  readonly crowds: ReadonlyArray<number>
  readonly ways: ReadonlyArray<Way>
  /** Requests of one client. */
  readonly each: number
  /** No crowd asks less. */
  readonly fewest: number
  /** How often the largest crowd comes again. */
  readonly rounds: number
}

const full: Amount = { crowds: [1, 8, 64, largest], ways, each: 4, fewest: 100, rounds: warmUpRounds + rounds }

/** Each upstream and each form once. */
const small: Amount = {
  crowds: [8, largest],
  ways: ways.filter(({ isStreamed, upstream }) => isStreamed === (upstream === "translated")),
  each: 1,
  fewest: 16,
  rounds: 0
}

const nameOf = ({ isStreamed, upstream }: Way): string => `${upstream}, ${isStreamed ? "streamed" : "whole"}`

/** What the model says, piece by piece. */
const pieces = ["They ", "are ", "on ", "time."]

/** What an answer is worth: nothing where it is whole and right. */
const wrongIn = ({ isStreamed }: Way, status: number | undefined, body: string): string | undefined => {
  if (status !== 200) return `status ${status}: ${body.slice(0, 200)}`
  const said = [...body.matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text).join("")
  if (said !== pieces.join("")) return `it said ${JSON.stringify(said)}`
  return isStreamed && !body.includes("message_stop") ? "the stream has no end" : undefined
}

/** How a client asks, which a test replaces to see the proof fail. */
export type AskOne = (url: string, way: Way, agent: Agent) => Promise<string | undefined>

/** Asks once; answers what is wrong with what came. */
export const askOne: AskOne = (url, way, agent) => {
  const { isStreamed, upstream } = way
  const body = JSON.stringify({
    model: upstream === "handed on" ? "claude-any" : "openai/any",
    max_tokens: 100,
    stream: isStreamed,
    messages: [{ role: "user", content: "How are the trains today?" }]
  })
  const headers = { "content-type": "application/json", "content-length": body.length }
  return new Promise((resolve) => {
    const asked = request(`${url}/v1/messages`, { agent, method: "POST", headers }, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (part: string) => (text += part))
      answer.on("end", () => resolve(wrongIn(way, answer.statusCode, text)))
      answer.on("error", (error) => resolve(String(error)))
    })
    asked.on("error", (error) => resolve(String(error)))
    asked.end(body)
  })
}

/** Where crowds go, and what they do there. */
interface Place {
  readonly url: string
  readonly ask: AskOne
  readonly amount: Amount
}

/** What a crowd has met. */
interface Met {
  readonly way: Way
  readonly clients: number
  readonly millis: ReadonlyArray<number>
  readonly errors: ReadonlyArray<string>
  /** How long the slowest in a hundred waited, beside how long one waits on average. */
  readonly unfairness: number
}

/** So many clients, each of which asks again once it is answered. */
const crowd = async ({ amount, ask, url }: Place, way: Way, clients: number): Promise<Met> => {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const millis: Array<number> = []
  const errors: Array<string> = []
  let left = Math.max(amount.fewest, clients * amount.each)
  const client = async () => {
    while (left-- > 0) {
      const from = performance.now()
      // oxlint-disable-next-line no-await-in-loop -- a client asks one thing after the other
      const wrong = await ask(url, way, agent)
      millis.push(performance.now() - from)
      if (wrong !== undefined) errors.push(`${nameOf(way)}, ${clients} clients: ${wrong}`)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  const mean = millis.reduce((sum, one) => sum + one, 0) / millis.length
  return { way, clients, millis, errors, unfairness: quantile(millis, 0.99) / mean }
}

const configuration = (url: string) => ({
  model: { provider: "claude", retry: { attempts: 1 } },
  providers: {
    claude: { apiKey: "env:FX_KEY", baseUrl: url, model: "claude-any" },
    openai: { apiKey: "env:FX_KEY", baseUrl: `${url}/v1`, model: "any" }
  },
  servers: {}
})

/** The largest crowd again and again, each time in the next way, and the memory of the server after each. */
const stay = async (place: Place, pid: number, say: ProofRun["say"]) => {
  const met: Array<Met> = []
  const memory: Array<number> = []
  /* oxlint-disable no-await-in-loop -- rounds follow each other */
  for (let round = 0; round < place.amount.rounds; round++) {
    for (const way of ways.slice(round % ways.length, (round % ways.length) + 1))
      met.push(await crowd(place, way, largest))
    memory.push(await memoryOf(pid))
    say(`round ${round + 1} of ${place.amount.rounds}: ${memory.at(-1)?.toFixed(0)} MB`)
  }
  /* oxlint-enable no-await-in-loop */
  return { met, memory: memory.slice(warmUpRounds) }
}

const byCrowd = async (place: Place): Promise<ReadonlyArray<Met>> => {
  const met: Array<Met> = []
  for (const clients of place.amount.crowds) {
    // oxlint-disable-next-line no-await-in-loop -- one crowd after the other
    for (const way of place.amount.ways) met.push(await crowd(place, way, clients))
  }
  return met
}

/** Descriptors of a server that it did not have before, once what closes is closed. */
const moreDescriptors = async (pid: number, before: number): Promise<number> => {
  const more = async () => (await descriptorsOf(pid)) - before
  const isClosed = async () => (await more()) <= allowedDescriptors
  await waitFor(isClosed, { description: "sockets to close", limitMs: closingMillis, everyMs: 250 }).catch(() => false)
  return more()
}

const resultOf = (met: ReadonlyArray<Met>, memory: ReadonlyArray<number>, more: number) => {
  const answers = met.reduce((sum, { millis }) => sum + millis.length, 0)
  const crowded = met.filter(({ clients }) => clients === largest)
  const worst = crowded.toSorted((a, b) => b.unfairness - a.unfairness)[0]
  const growth = slopeOf(memory)
  return {
    claims: [
      atLeast("requests", answers, 1000, "tooling/prove/load.ts"),
      atLeast("clients at once", Math.max(...met.map(({ clients }) => clients)), largest, "tooling/prove/load.ts"),
      none(
        "every answer is whole and right",
        met.flatMap(({ errors }) => errors),
        answers
      ),
      atMost(
        `p99 of ${largest} clients over their average`,
        worst?.unfairness ?? Number.NaN,
        unfairnessLimit,
        "×",
        worst === undefined ? "nobody was there" : nameOf(worst.way)
      ),
      // A few rounds say nothing about memory.
      ...(memory.length === 0
        ? []
        : [
            atMost(
              `memory more with each ${largest} clients`,
              growth,
              growthLimit,
              "MB",
              memory.map((mb) => mb.toFixed(0)).join(" ")
            )
          ]),
      atMost("descriptors more than before", more, allowedDescriptors, "", "the server's /proc/PID/fd")
    ],
    numbers: {
      answers,
      ...Object.fromEntries(
        crowded
          .slice(0, ways.length)
          .map(({ millis, way }) => [`p99 ms of ${largest}, ${nameOf(way)}`, quantile(millis, 0.99)])
      ),
      ...(memory.length === 0 ? {} : { "memory MB": memory.at(-1) ?? 0, "growth MB": growth })
    }
  }
}

/** A proof whose clients ask in some way. */
export const loadProofOf = (ask: AskOne): Proof => ({
  description:
    "1 to 512 clients at once, handed on and translated: no errors, fair waits, memory and sockets as before",
  limitSeconds: 900,
  run: Effect.fnUntraced(function* ({ say, scale }) {
    const upstream = yield* disposed(() => startUpstream({ text: pieces, usage: { inputTokens: 9, outputTokens: 5 } }))
    const serve = yield* disposed(() => startServe(configuration(upstream.url)))
    const place = { url: serve.url, ask, amount: scale >= 1 ? full : small }
    return yield* Effect.promise(async () => {
      await crowd(place, { upstream: "handed on", isStreamed: false }, 8)
      await crowd(place, { upstream: "translated", isStreamed: true }, 8)
      const before = await descriptorsOf(serve.pid)
      const met = await byCrowd(place)
      const stayed = await stay(place, serve.pid, say)
      const more = await moreDescriptors(serve.pid, before)
      return resultOf([...met, ...stayed.met], stayed.memory, more)
    })
  })
})

/** As clients do. */
export const loadProof = loadProofOf(askOne)
