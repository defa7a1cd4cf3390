/**
 * Everything goes wrong at once: ten thousand calls over twelve servers that are killed, frozen, reconnected and
 * reconfigured, and that stall, reset, send garbage and too much. Each call still ends in time with a result or a
 * typed error, nothing unsafe runs twice, and afterwards all is as before.
 */
import { isSignalboxError } from "@signalbox/errors"
import { localCall } from "@signalbox/model"
import { makeRandom, planFaults, waitFor } from "@signalbox/testing"
import { Cause, DateTime, Effect, Exit, Fiber, Option, Scope } from "effect"
import { chaosFaults, configuration, inflict, type Yard } from "./chaosFaults.ts"
import { type ChaosServer, chaosServers, seedOf } from "./chaosServers.ts"
import { quantile, watchPauses } from "./measure.ts"
import { amountOf, atLeast, atMost, none, type Proof, type ProofRun } from "./Proof.ts"
import { type Boxes, endLeftovers, newMark, orchestrate } from "./servers.ts"
import { descriptors, descriptorsClosed, noProcessLeft, warmUp } from "./traces.ts"

/** The deadline of each call. */
const limitMillis = 2000
/** After so much more a call counts as hanging. */
const hangMillis = 3000
/** Calls at once. */
const width = 24
/** How long servers may take until all of them answer again. */
const recoveryMillis = 60_000

interface Call {
  readonly id: string
  readonly serverName: string
  readonly tool: "echo" | "write" | "add_tool"
}

interface Ended extends Call {
  /** `ok`, the code of a failure, or in other words what must not happen. */
  readonly outcome: string
  readonly isTyped: boolean
  readonly tookMillis: number
}

const planCalls = (servers: ReadonlyArray<ChaosServer>, count: number, seed: number): ReadonlyArray<Call> => {
  const random = makeRandom(seed).fork("calls")
  return Array.from({ length: count }, (_, index) => {
    const { name } = random.pick(servers)
    const tool = random.pick(["echo", "echo", "write", "write", "add_tool"] as const)
    return { id: `call-${index}`, serverName: name, tool }
  })
}

const inputOf = ({ id, tool }: Call) =>
  ({ echo: { text: id }, write: { key: id, value: "v", milliseconds: 5 }, add_tool: { call: id } })[tool]

const callOne = Effect.fnUntraced(function* (boxes: Boxes, call: Call) {
  const from = performance.now()
  const deadline = DateTime.addDuration(yield* DateTime.now, limitMillis)
  const exit = yield* boxes.toolbox
    .call(`${call.serverName}__${call.tool}`, inputOf(call), localCall({ deadline, toolCallId: call.id }))
    .pipe(Effect.timeoutOption(limitMillis + hangMillis), Effect.exit)
  return { ...call, ...outcomeOf(exit), tookMillis: performance.now() - from }
})

const outcomeOf = (exit: Exit.Exit<Option.Option<unknown>, unknown>) => {
  if (Exit.isSuccess(exit)) {
    const isOver = Option.isSome(exit.value)
    return { outcome: isOver ? "ok" : "hangs", isTyped: isOver }
  }
  const error = Cause.squash(exit.cause)
  const isTyped = isSignalboxError(error) && !Cause.hasDies(exit.cause)
  return { outcome: isTyped ? error.code : `untyped: ${Cause.pretty(exit.cause)}`, isTyped }
}

/** How often each unsafe call ran, by the word of the servers. */
const runsOf = (servers: ReadonlyArray<ChaosServer>, { parts }: ProofRun): ReadonlyMap<string, number> => {
  const runs = new Map<string, number>()
  for (const { log } of servers) {
    for (const { arguments: input, event, tool } of parts.readLog(log)) {
      if (event !== "call_start" || tool !== "write" || typeof input !== "object" || input === null) continue
      const key = "key" in input ? String(input.key) : ""
      runs.set(key, (runs.get(key) ?? 0) + 1)
    }
  }
  return runs
}

/** Waits until every server runs and answers. Single calls may still meet a planned fault. */
const recover = (boxes: Boxes, servers: ReadonlyArray<ChaosServer>) => {
  const answers = (name: string) =>
    callOne(boxes, { id: "afterwards", serverName: name, tool: "echo" }).pipe(
      Effect.map(({ outcome }) => outcome === "ok"),
      Effect.flatMap((isGood) =>
        Effect.map(Effect.orDie(boxes.server(name)), ({ state }) => isGood && state === "running")
      )
    )
  return Effect.map(
    Effect.forEach(
      servers,
      ({ name }) =>
        Effect.promise(() =>
          waitFor(() => Effect.runPromise(answers(name)), {
            description: name,
            limitMs: recoveryMillis,
            everyMs: 50
          }).then(
            () => undefined,
            () => name
          )
        ),
      { concurrency: "unbounded" }
    ),
    (names) => names.filter((name) => name !== undefined)
  )
}

/** The calls and the faults among them, and how the servers are afterwards. */
const storm = Effect.fnUntraced(function* (run: ProofRun, yard: Yard) {
  const { boxes, servers } = yard
  const calls = planCalls(servers, amountOf(run, 10_000, 120), run.seed)
  const { faults } = planFaults({ seed: run.seed, n: calls.length, kinds: chaosFaults, rate: 0.03 })
  const due = new Map(faults.map((fault) => [fault.at, fault]))
  const inflicted: Array<Fiber.Fiber<void>> = []
  const step = (call: Call, index: number) =>
    Effect.gen(function* () {
      const fault = due.get(index)
      if (fault !== undefined) inflicted.push(yield* Effect.forkScoped(inflict(yard, fault.kind, fault.seed)))
      if (index % 1000 === 999) run.say(`${index + 1} of ${calls.length} calls`)
      return yield* callOne(boxes, call)
    })
  const ended: ReadonlyArray<Ended> = yield* Effect.forEach(calls, step, { concurrency: width })
  const exits = yield* Fiber.awaitAll(inflicted)
  const broken = exits.flatMap((exit) => (Exit.isFailure(exit) ? [Cause.pretty(exit.cause)] : []))
  run.say("waits for all servers to answer again")
  return { ended, faults: faults.length, broken, down: yield* recover(boxes, servers) }
})

const told = ({ id, outcome, serverName, tookMillis, tool }: Ended) =>
  `${id} (${serverName}, ${tool}): ${outcome} after ${tookMillis.toFixed(0)} ms`

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const mark = newMark()
  yield* endLeftovers(mark)
  yield* warmUp(run.parts)
  const before = yield* Effect.promise(descriptors)
  const scope = yield* Scope.fork(yield* Effect.scope)
  const servers = yield* Scope.provide(chaosServers(run.seed, mark), scope)
  run.say(`calls ${servers.length} servers that misbehave`)
  const longestPause = watchPauses()
  const storming = Effect.gen(function* () {
    const seeds = new Map(servers.map(({ name }) => [name, seedOf(name, run.seed)]))
    const boxes = yield* orchestrate(run.parts, configuration(servers, seeds))
    yield* boxes.settled
    return yield* storm(run, { boxes, servers, seeds })
  })
  const { broken, down, ended, faults } = yield* Effect.scoped(storming)
  const pause = longestPause()
  const runs = runsOf(servers, run)
  yield* Scope.close(scope, Exit.void)
  const codes = Object.entries(Object.groupBy(ended, ({ outcome }) => outcome))
  for (const [code, those] of codes) run.say(`${String(those?.length).padStart(6)} ${code.slice(0, 80)}`)
  const ok = ended.filter(({ outcome }) => outcome === "ok")
  const tooks = ended.map(({ tookMillis }) => tookMillis)
  const worst = ended.toSorted((a, b) => b.tookMillis - a.tookMillis)[0]
  return {
    claims: [
      none(
        "each call ended as a result or a typed error",
        ended.filter(({ isTyped }) => !isTyped).map(told),
        ended.length
      ),
      atMost(
        "longest time beyond the deadline and the longest pause of this process",
        quantile(tooks, 1) - limitMillis - pause,
        1000,
        "ms",
        worst === undefined ? "" : told(worst)
      ),
      none(
        "no unsafe call ran twice",
        [...runs].filter(([, count]) => count > 1).map(([id, count]) => `${id} ran ${count} times`),
        runs.size
      ),
      none(
        "each answered unsafe call ran",
        ok.filter(({ id, tool }) => tool === "write" && runs.get(id) !== 1).map(told)
      ),
      atLeast("calls answered, of 100", Math.round((100 * ok.length) / ended.length), 50, "the codes above"),
      none("every fault could be inflicted", broken, faults),
      none("all servers answer afterwards", down, servers.length),
      yield* noProcessLeft(mark),
      yield* descriptorsClosed(before, 0)
    ],
    numbers: {
      calls: ended.length,
      answered: ok.length,
      "faults of servers": faults,
      "unsafe calls that ran": runs.size,
      "p50 ms": quantile(tooks, 0.5),
      "p99 ms": quantile(tooks, 0.99),
      "max ms": quantile(tooks, 1),
      "longest pause of this process ms": pause
    }
  }
})

/** Calls end, and end right, whatever happens to servers. */
export const chaosProof: Proof = {
  description: "10,000 calls over 12 servers that are killed, frozen, reset, reconnected and reconfigured meanwhile",
  limitSeconds: 400,
  run
}
