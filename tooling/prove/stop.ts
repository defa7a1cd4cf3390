/**
 * Ctrl-C, the time of a budget and the limit of a tool stop whatever is going on: the answer of the model, the call of a tool in
 * its server, and the command of Bash. What counts is what the upstream, the logs of the servers and the system say. How clients
 * of the server stop things by leaving has a proof of its own.
 */
import { makeRandom, type Random, waitFor } from "@signalbox/testing"
import { Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { startProgram } from "./agents/startProgram.ts"
import { disposed } from "./hostServer.ts"
import { requestOf, type Target, targets } from "./leave/targets.ts"
import { startLeaveServers, startSurroundings, type Surroundings } from "./leave/servers.ts"
import { epochMillis, quantile } from "./measure.ts"
import { amountOf, atLeast, atMost, none, type Parts, type Proof, type ProofRun } from "./Proof.ts"
import { install } from "./serveProgram.ts"
import { endLeftovers, newMark } from "./servers.ts"

/** Whatever has not ended by then does not end. */
const patience = 3000
const limitMillis = 2000

interface Stopped {
  readonly name: string
  readonly milliseconds: number
  /** What was wrong beside the time. */
  readonly problem?: string
}

const everything = targets.filter(({ isHandedOn }) => !isHandedOn)
const tools = everything.filter(({ name }) => name.startsWith("a call") || name.startsWith("a command"))

/** How long after `at` what was going on was over; not a number where it goes on. */
const endOf = async (surroundings: Surroundings, target: Target, text: string, parts: Parts, at: number) => {
  const ended = () => target.endedAt(surroundings, text, parts.readLog)
  const limitMs = patience + Math.max(0, at - epochMillis())
  const endedAt = await waitFor(ended, { description: "its end", limitMs }).catch(() => Number.NaN)
  return Math.max(0, endedAt - at)
}

/** A chat with one message, at a terminal that sends SIGINT to all of its processes. */
const interrupt = async (surroundings: Surroundings, target: Target, number: number, parts: Parts, random: Random) => {
  const text = String(number)
  await using installed = await install(surroundings.configuration)
  const chat = startProgram(
    installed.words("chat", text, "--yes", "--model", target.model === "claude-any" ? "any" : target.model),
    installed.place
  )
  const hasBegun = () => target.hasBegun(surroundings, text, parts.readLog)
  await waitFor(hasBegun, { description: `${target.name} in a chat`, limitMs: 60_000, state: chat.text })
  await sleep(random.next() * 20)
  const at = epochMillis()
  chat.signal("SIGINT")
  const milliseconds = await endOf(surroundings, target, text, parts, at)
  const code = await chat.ended
  const name = `Ctrl-C, ${target.name}, number ${text}`
  return { name, milliseconds, ...(code === 130 ? {} : { problem: `${name}: exit code ${code}: ${chat.text()}` }) }
}

/** A request whose time is over before it is answered. */
const outlast = async (
  servers: Surroundings & { readonly url: string },
  way: string,
  target: Target,
  number: number,
  parts: Parts
) => {
  const text = String(number)
  const { body, headers, path } = requestOf({ target, api: "messages", form: "whole", number })
  const answered = fetch(`${servers.url}${path}`, { method: "POST", headers, body }).then(
    async (response) => `${response.status} ${await response.text()}`
  )
  const name = `${way}, ${target.name}, number ${text}`
  const hasBegun = () => target.hasBegun(servers, text, parts.readLog)
  const begun = waitFor(hasBegun, { description: `the beginning of ${name}` })
  const early = await Promise.race([begun, answered])
  if (typeof early === "string") return { name, milliseconds: Number.NaN, problem: `${name}: it never began: ${early}` }
  // The time has begun by now, so it is over then at the latest.
  const milliseconds = await endOf(servers, target, text, parts, epochMillis() + limitMillis)
  const said = await answered
  return { name, milliseconds, ...(said.startsWith("200 ") ? {} : { problem: `${name}: ${said}` }) }
}

const inTurn = async (
  count: number,
  of: ReadonlyArray<Target>,
  stop: (target: Target, number: number) => Promise<Stopped>
) => {
  const all: Array<Stopped> = []
  for (let index = 0; index < count; index++) {
    const target = of[index % of.length]
    // oxlint-disable-next-line no-await-in-loop -- what runs beside it would make it late
    if (target !== undefined) all.push(await stop(target, target.first + index))
  }
  return all
}

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const { parts, say, seed } = run
  const mark = newMark()
  yield* endLeftovers(mark)
  const random = makeRandom(seed)
  const count = amountOf(run, 120, 7)
  const budget = {
    conversation: { budget: { maxCostUsd: "unlimited", maxTokens: "unlimited", maxSeconds: limitMillis / 1000 } }
  }
  const limit = {
    conversation: { toolTimeout: `${limitMillis} millis`, maxHops: 1 },
    // Bash has its own time.
    tools: { enabled: ["Bash"], commands: { timeout: `${limitMillis} millis` } }
  }
  const all: Array<Stopped> = []
  say(`presses Ctrl-C ${count} times`)
  const surroundings = yield* disposed(() => startSurroundings(mark))
  all.push(
    ...(yield* Effect.promise(() =>
      inTurn(count, everything, (target, number) => interrupt(surroundings, target, number, parts, random))
    ))
  )
  for (const [way, changes, of] of [
    ["the time of a budget", budget, everything],
    ["the limit of a tool", limit, tools]
  ] as const) {
    say(`lets ${way} be over ${count} times`)
    const servers = yield* disposed(() => startLeaveServers(mark, changes))
    all.push(
      ...(yield* Effect.promise(() =>
        inTurn(count, of, (target, number) => outlast(servers, way, target, number + 100_000, parts))
      ))
    )
  }
  const over = all.filter(({ milliseconds }) => !Number.isNaN(milliseconds))
  const latencies = over.map(({ milliseconds }) => milliseconds)
  const worst = over.toSorted((a, b) => b.milliseconds - a.milliseconds)[0]
  return {
    claims: [
      atLeast("what was stopped", all.length, count * 3, "tooling/prove/stop.ts"),
      none(
        "nothing goes on",
        all.filter(({ milliseconds }) => Number.isNaN(milliseconds)).map(({ name }) => name),
        all.length
      ),
      none(
        "each ends as it should",
        all.flatMap(({ problem }) => problem ?? []),
        all.length
      ),
      atMost("p99 from the stop to the end of the work", quantile(latencies, 0.99), 250, "ms", worst?.name ?? "nothing")
    ],
    numbers: {
      stopped: all.length,
      "p50 ms": quantile(latencies, 0.5),
      "p99 ms": quantile(latencies, 0.99),
      "max ms": quantile(latencies, 1)
    }
  }
})

/** Stops of each kind. */
export const stopProof: Proof = {
  description: "Ctrl-C, the time of a budget and the limit of a tool end answers, MCP calls and commands of Bash alike",
  limitSeconds: 3600,
  run
}
