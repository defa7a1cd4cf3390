/**
 * A client that leaves ends everything that was done for it, soon: the answer of the model, the call of a tool in its server,
 * and the process that was there for its conversation alone. What counts is what the upstream and the logs of the MCP
 * servers say. Who leaves says nothing about the upstream: its circuit would open at the first failure, and counts none.
 */
import { isJsonObject } from "@signalbox/model"
import { makeRandom, type Random, type SeenRequest, waitFor } from "@signalbox/testing"
import { Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { disposed } from "./hostServer.ts"
import { apis, type Asked, forms, type Leaving, requestOf, targets } from "./leave/targets.ts"
import { type LeaveServers, startLeaveServers } from "./leave/servers.ts"
import { epochMillis, quantile } from "./measure.ts"
import { amountOf, atLeast, atMost, none, type Parts, type Proof, type ProofRun } from "./Proof.ts"
import { endLeftovers, newMark } from "./servers.ts"

/** Clients at the same time. */
const width = 2
/** Whatever has not ended by then does not end. */
const patience = 3000

/** A client that has left. */
interface Left extends Asked {
  /** When, in milliseconds since 1970. */
  readonly at: number
}

/** What was seen of it afterwards. */
interface Ending {
  readonly left: Left
  readonly requests: ReadonlyArray<SeenRequest>
  /** When the last of what was done for it was over; absent where it goes on. */
  readonly endedAt: number | undefined
}

const nameOf = ({ api, form, number, target }: Asked): string => `${target.name}, ${api}, ${form}, number ${number}`

/** Asks, and leaves when what it is about has begun. */
const leaveOne = async (
  servers: LeaveServers,
  asked: Asked,
  random: Random,
  parts: Parts,
  leave: Leaving
): Promise<Left> => {
  const leaving = new AbortController()
  const { body, headers, path } = requestOf(asked)
  const answered = fetch(`${servers.url}${path}`, { method: "POST", headers, body, signal: leaving.signal })
    .then((response) => response.text())
    .then(
      (text) => `answered: ${text.slice(0, 300)}`,
      () => "left"
    )
  const begun = waitFor(() => asked.target.hasBegun(servers, String(asked.number), parts.readLog), {
    description: `the beginning of ${nameOf(asked)}`
  })
  const early = await Promise.race([answered, begun])
  if (typeof early === "string") throw new Error(`${nameOf(asked)} was ${early}`)
  await sleep(random.next() * 20)
  const at = epochMillis()
  leave(leaving)
  return { ...asked, at }
}

const endingOf = (servers: LeaveServers, left: Left, parts: Parts): Ending => {
  const text = String(left.number)
  const requests = servers.fxLlm.requests.filter(({ lastUserText }) => lastUserText === text)
  return { left, requests, endedAt: left.target.endedAt(servers, text, parts.readLog) }
}

const latency = ({ endedAt = Number.NaN, left }: Ending): number => Math.max(0, endedAt - left.at)

/** Every target by each API in each form, over and over. */
const askedOf = (count: number): ReadonlyArray<Asked> =>
  Array.from({ length: count }, (_, index) => {
    const target = targets[index % targets.length]
    const api = apis[Math.floor(index / targets.length) % apis.length]
    const form = forms[Math.floor(index / targets.length / apis.length) % forms.length]
    if (target === undefined || api === undefined || form === undefined) throw new Error("a remainder is an index")
    return { target, api, form, number: target.first + index }
  })

const leaveAll = async (servers: LeaveServers, all: ReadonlyArray<Asked>, run: ProofRun, leave: Leaving) => {
  const random = makeRandom(run.seed)
  const left: Array<Left> = []
  const queue = [...all]
  const client = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- a client asks one thing after the other
      left.push(await leaveOne(servers, next, random, run.parts, leave))
      if (left.length % 100 === 0) run.say(`${left.length} of ${all.length} clients have left`)
    }
  }
  await Promise.all(Array.from({ length: width }, client))
  return left
}

/** Circuits that are not as if nothing had happened. */
const troubled = (circuits: unknown): ReadonlyArray<string> => {
  if (!isJsonObject(circuits)) return [`breaker status says ${JSON.stringify(circuits)}`]
  return Object.entries(circuits).flatMap(([name, numbers]) =>
    isJsonObject(numbers) && numbers["phase"] === "closed" && numbers["failed"] === 0
      ? []
      : [`${name}: ${JSON.stringify(numbers)}`]
  )
}

const run = (leave: Leaving, spoil: (servers: LeaveServers) => Promise<void>) =>
  Effect.fnUntraced(function* (run: ProofRun) {
    const mark = newMark()
    yield* endLeftovers(mark)
    const servers = yield* disposed(() => startLeaveServers(mark))
    const count = amountOf(run, 1000, 48)
    return yield* Effect.promise(async () => {
      // Each way once: what is loaded at first use is not what is measured.
      await leaveAll(servers, askedOf(targets.length), run, leave)
      const left = await leaveAll(servers, askedOf(targets.length + count).slice(targets.length), run, leave)
      const endings = () => left.map((one) => endingOf(servers, one, run.parts))
      const isOver = () => endings().every(({ endedAt }) => endedAt !== undefined)
      await waitFor(isOver, { description: "the ends of all", limitMs: patience, everyMs: 100 }).catch(() => false)
      await spoil(servers)
      const [circuits, metrics] = await Promise.all([servers.tells("breaker", "status"), servers.tells("metrics")])
      const counted = isJsonObject(metrics) ? metrics["circuits"] : undefined
      const last = await servers.ask("There?")
      return resultOf(endings(), [...troubled(circuits), ...troubled(counted)], circuits, last)
    })
  })

const resultOf = (found: ReadonlyArray<Ending>, failures: ReadonlyArray<string>, circuits: unknown, last: string) => {
  const over = found.filter(({ endedAt }) => endedAt !== undefined)
  const latencies = over.map(latency)
  const worst = over.toSorted((a, b) => latency(b) - latency(a))[0]
  const names = Object.keys(isJsonObject(circuits) ? circuits : {})
  return {
    claims: [
      atLeast("clients that left while something was done for them", found.length, 48, "tooling/prove/leave.ts"),
      none(
        "nothing goes on",
        found.filter(({ endedAt }) => endedAt === undefined).map(({ left }) => nameOf(left)),
        found.length
      ),
      none(
        "no model is asked again",
        found
          .filter(({ requests }) => requests.length !== 1)
          .map(({ left, requests }) => `${nameOf(left)}: ${requests.length} requests`),
        found.length
      ),
      atMost(
        "p99 from leaving to the end of the work",
        quantile(latencies, 0.99),
        250,
        "ms",
        worst === undefined ? "nothing was measured" : nameOf(worst.left)
      ),
      atLeast(
        "circuits of providers",
        names.filter((name) => name.startsWith("provider:")).length,
        2,
        names.join(", ")
      ),
      none("no circuit has counted a failure", failures),
      none("the server answers afterwards", last === "answered" ? [] : [last])
    ],
    numbers: {
      left: found.length,
      ...Object.fromEntries(
        targets.map(({ name }) => [
          `p99 ms ${name}`,
          quantile(over.filter(({ left }) => left.target.name === name).map(latency), 0.99)
        ])
      ),
      "p50 ms": quantile(latencies, 0.5),
      "p99 ms": quantile(latencies, 0.99),
      "max ms": quantile(latencies, 1)
    }
  }
}

/** How a proof may differ, so that a test can see it fail. */
export interface LeaveProofOptions {
  readonly leave?: Leaving
  /** Done before the circuits are looked at. */
  readonly spoil?: (servers: LeaveServers) => Promise<void>
}

/** A proof whose clients leave in some way. */
export const leaveProofOf = ({
  leave = (leaving) => leaving.abort(),
  spoil = async () => {}
}: LeaveProofOptions = {}): Proof => ({
  description:
    "1,000 clients that leave signalbox serve over HTTP, by each API: answers, calls, commands and processes end",
  limitSeconds: 300,
  run: run(leave, spoil)
})

/** As clients do. */
export const leaveProof = leaveProofOf()
