/**
 * Nothing stays behind: ten thousand calls, among them cancelled ones, errors and timeouts, leave no process, descriptor or
 * timer, and no memory that cannot be collected.
 */
import { Interaction, localCall } from "@signalbox/model"
import { makeRandom, type Random, waitFor } from "@signalbox/testing"
import { DateTime, Effect, Exit, Fiber, Scope } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { slopeOf } from "./measure.ts"
import { amountOf, atLeast, atMost, none, type Parts, type Proof, type ProofRun } from "./Proof.ts"
import { type Boxes, endLeftovers, fx, fxHttp, httpServer, leftovers, newMark, orchestrate } from "./servers.ts"
import { descriptors, descriptorsClosed, noProcessLeft, warmUp } from "./traces.ts"

const serverNames = ["stdio", "stateful", "stateless"] as const
/** Calls at once. */
const width = 16
/**
 * What may be open while connected, however many calls there were: the three pipes of the process, and for each HTTP
 * server as many connections kept alive as there are calls at once, and one for what it announces. Which of them
 * happen to be open at a moment depends on what ran last.
 */
const mostOpen = 3 + 2 * (width + 1)
const batch = 125
/** Batches before the first look at memory: caches fill, code is compiled. */
const warmUpBatches = 8

type Kind = "echo" | "progress" | "cancelled" | "isError" | "rejected" | "timeout"

const mixture: ReadonlyArray<Kind> = [
  ...Array.from({ length: 14 }, () => "echo" as const),
  ...(["progress", "cancelled", "cancelled", "isError", "rejected", "timeout"] as const)
]

/** What a call of each kind gives. */
const expected: Readonly<Record<Kind, string>> = {
  echo: "result",
  progress: "result",
  cancelled: "interrupted",
  isError: "result",
  // Wrong arguments are found before anything is sent.
  rejected: "INVALID_PARAMS",
  timeout: "TOOL_CALL_TIMEOUT"
}

const callOne = Effect.fnUntraced(function* (boxes: Boxes, random: Random) {
  const kind = random.pick(mixture)
  const call = (tool: string, input: Readonly<Record<string, unknown>>, context = localCall()) =>
    boxes.toolbox
      .call(`${name}__${tool}`, input, context)
      .pipe(Effect.match({ onSuccess: () => "result", onFailure: ({ code }) => code }))
  const name = random.pick(serverNames)
  const pause = random.next() * 5
  const given = yield* callOf(kind, call, pause)
  return given === expected[kind] ? [] : [`${kind} on ${name}: ${given}`]
})

const callOf = (
  kind: Kind,
  call: (
    tool: string,
    input: Readonly<Record<string, unknown>>,
    context?: ReturnType<typeof localCall>
  ) => Effect.Effect<string>,
  pause: number
): Effect.Effect<string> => {
  switch (kind) {
    case "echo":
      return call("echo", { text: "hello" })
    case "progress":
      return call(
        "progress",
        { steps: 2 },
        localCall({ interaction: { ...Interaction.decline, progress: () => Effect.void } })
      )
    case "isError":
      return call("fail", {})
    case "rejected":
      return call("add", { a: "no number", b: 1 })
    case "timeout":
      return Effect.flatMap(DateTime.now, (now) =>
        call("sleep", { milliseconds: 60_000 }, localCall({ deadline: DateTime.addDuration(now, "100 millis") }))
      )
    case "cancelled":
      return Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(call("sleep", { milliseconds: 60_000 }), { startImmediately: true })
        yield* Effect.sleep(pause)
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        return Exit.isSuccess(exit) ? exit.value : "interrupted"
      })
  }
}

/** Bytes in use that cannot be collected. */
const heapBytes = (): number => {
  setFlagsFromString("--expose-gc")
  // The flag makes every new context have it.
  const collect = runInNewContext("gc") as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length

/** The fewest timers within some time: those of calls that have just ended may still be there. */
const settledTimers = (most: number): Effect.Effect<number> =>
  Effect.promise(async () => {
    await waitFor(() => timers() <= most, { description: "timers to end", limitMs: 3000 }).catch(() => false)
    return timers()
  })

const open = Effect.fnUntraced(function* (parts: Parts, mark: string) {
  const stateful = yield* fxHttp({ era: "2025" }, mark)
  const stateless = yield* fxHttp({ era: "2026" }, mark)
  const boxes = yield* orchestrate(parts, [
    fx("stdio", {}, mark),
    httpServer("stateful", stateful.url),
    httpServer("stateless", stateless.url)
  ])
  yield* boxes.settled
  return boxes
})

/** All calls, and what there is of everything after each batch. */
const callAll = Effect.fnUntraced(function* (
  run: ProofRun,
  boxes: Boxes,
  count: number,
  before: ReadonlyArray<string>
) {
  const random = makeRandom(run.seed)
  const heaps: Array<number> = []
  const wrong: Array<string> = []
  let timersBefore = 0
  const batches = warmUpBatches + Math.ceil(count / batch)
  for (let number = 1; number <= batches; number++) {
    const found = yield* Effect.forEach(Array.from({ length: batch }), () => callOne(boxes, random), {
      concurrency: width
    })
    wrong.push(...found.flat())
    if (number === warmUpBatches) timersBefore = timers()
    if (number >= warmUpBatches) heaps.push(heapBytes())
    if (number % 16 === 0) run.say(`${number * batch} calls, heap ${(heapBytes() / 1e6).toFixed(2)} MB`)
  }
  const openedMore = yield* descriptorsClosed(before, mostOpen)
  return {
    heaps,
    wrong,
    openedMore: { ...openedMore, name: `while connected, ${openedMore.name}` },
    timersMore: (yield* settledTimers(timersBefore)) - timersBefore,
    calls: batches * batch
  }
})

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const mark = newMark()
  yield* endLeftovers(mark)
  yield* warmUp(run.parts)
  const before = yield* Effect.promise(descriptors)
  const timersBefore = timers()
  const scope = yield* Scope.fork(yield* Effect.scope)
  const boxes = yield* Scope.provide(open(run.parts, mark), scope)
  const found = yield* callAll(run, boxes, amountOf(run, 10_000, 1250), before)
  const running = yield* Effect.promise(() => leftovers(mark))
  yield* Scope.close(scope, Exit.void)
  const slope = slopeOf(found.heaps) / batch
  const timersLeft = (yield* settledTimers(timersBefore)) - timersBefore
  const heap = "node --heap-prof, or two heap snapshots with a batch of calls between them"
  return {
    claims: [
      none("each call ended as it should", found.wrong, found.calls),
      atLeast("looks at the heap", found.heaps.length, 5, "the run was too short"),
      atMost("heap that stays", slope, 1024, "bytes a call", heap),
      found.openedMore,
      atMost("while connected, timers more than before", found.timersMore, 2, "", "process.getActiveResourcesInfo()"),
      none("one process a server", running.length === 3 ? [] : [`${running.length} processes: ${running.join(", ")}`]),
      yield* noProcessLeft(mark),
      yield* descriptorsClosed(before, 2),
      atMost("timers more than before", timersLeft, 0, "", "process.getActiveResourcesInfo()")
    ],
    numbers: {
      calls: found.calls,
      "bytes a call": slope,
      "heap MB at first": (found.heaps[0] ?? 0) / 1e6,
      "heap MB at last": (found.heaps.at(-1) ?? 0) / 1e6
    }
  }
})

/** Calls leave nothing behind. */
export const leaksProof: Proof = {
  description: "10,000 calls with cancels, errors and timeouts leave no process, descriptor, timer or memory",
  limitSeconds: 240,
  run
}
