/**
 * Every fault that the tests of `@signalbox/mcp` know, seen from above: what a caller of the orchestrator gets, and after
 * how long calls work again. Printed as a table.
 */
import { isSignalboxError, type SignalboxError } from "@signalbox/errors"
import { localCall } from "@signalbox/model"
import { type FxMcpFlags, makeRandom } from "@signalbox/testing"
import { DateTime, Duration, Effect, Exit, Scope } from "effect"
// @boundaries-ignore the table is one: the tests of the client and this proof must not differ, and neither is published
import {
  callFaults,
  handshakeFaults,
  listFaults,
  type Row,
  type Way,
  ways
} from "../../packages/mcp/test/faultTable.ts"
import { quantile } from "./measure.ts"
import { atLeast, none, type Proof, type ProofRun } from "./Proof.ts"
import {
  type Boxes,
  type Changes,
  endLeftovers,
  fx,
  fxHttp,
  httpServer,
  leftovers,
  newMark,
  orchestrate
} from "./servers.ts"

const transports = {
  stdio: "stdio 2025",
  "HTTP, stateful": "http 2025",
  "HTTP, stateless": "http 2026"
} as const satisfies Readonly<Record<string, Way>>
type Transport = keyof typeof transports

/** A call that takes longer hangs. */
const hangMillis = 30_000
/** Calls work again within this time, or not at all. */
const recoveryMillis = 20_000
const atOnce = 4

/** A fault on a transport. */
interface Case {
  readonly phase: "call" | "handshake" | "list"
  readonly row: Row
  readonly transport: Transport
}

/** What became of it. */
interface Seen extends Case {
  readonly code: string
  readonly text: string
  /** Of the first call. */
  readonly tookMillis: number
  /** Until calls work again; nothing where they never do. */
  readonly backMillis: number | undefined
  readonly left: number
}

const mayHappen = ({ phase, row, transport }: Case): boolean =>
  (row.over ?? ways).includes(transports[transport]) &&
  // The version of the stateless revision is not chosen by the server.
  !(phase === "handshake" && row.flags.protocolVersion !== undefined && transport === "HTTP, stateless")

const allCases = (): ReadonlyArray<Case> =>
  Object.entries({ call: callFaults, handshake: handshakeFaults, list: listFaults }).flatMap(([phase, rows]) =>
    rows.flatMap((row) =>
      Object.keys(transports)
        // The keys of the two objects above.
        .map((transport) => ({ phase, row, transport }) as Case)
        .filter(mayHappen)
    )
  )

/** A process that comes back counts its calls anew: there the fault is that of one tool, and another one shows the recovery. */
const flagsOf = ({ row, transport }: Case): FxMcpFlags => {
  const { fault = [] } = row.flags
  const ofTool = fault.map((text) => text.replace(/@call:1$/, "@call:echo") as (typeof fault)[number]) // still a fault with its place
  const era = transport === "HTTP, stateless" ? "2026" : "2025"
  return { era, ...row.flags, fault: transport === "stdio" ? ofTool : fault }
}

const startTimeouts: ReadonlySet<string> = new Set(["SERVER_HANDSHAKE_TIMEOUT", "SERVER_REQUEST_TIMEOUT"])

/** Where something hangs, the limit is short. */
const changesOf = ({ row }: Case): Changes => ({
  server: {
    protocol: "auto",
    shutdownTimeout: Duration.seconds(1),
    callTimeout: Duration.seconds(row.first === "TOOL_CALL_TIMEOUT" ? 2 : 20),
    connectTimeout: Duration.seconds(startTimeouts.has(row.first) ? 3 : 20)
  },
  managed: {
    health: {
      check: "ping",
      url: "",
      interval: Duration.seconds(1),
      timeout: Duration.seconds(1),
      failures: 2,
      successes: 1
    }
  }
})

const call = (boxes: Boxes, tool: string, input: Readonly<Record<string, unknown>>, limitMillis: number) =>
  Effect.gen(function* () {
    const deadline = DateTime.addDuration(yield* DateTime.now, limitMillis)
    return yield* boxes.toolbox.call(`fx__${tool}`, input, localCall({ deadline }))
  }).pipe(
    Effect.match({ onSuccess: () => undefined, onFailure: (error) => error }),
    Effect.timeoutOrElse({ duration: limitMillis + 10_000, orElse: () => Effect.succeed("hangs" as const) })
  )

/** The code, and the one behind it where a server could not be started. */
const codeOf = (error: SignalboxError | "hangs" | undefined): string => {
  if (error === undefined) return "ok"
  if (error === "hangs") return error
  return isSignalboxError(error.cause) && error.code === "SERVER_UNAVAILABLE"
    ? `${error.code}: ${error.cause.code}`
    : error.code
}

const textOf = (error: SignalboxError | "hangs" | undefined): string =>
  error === undefined ? "the result" : error === "hangs" ? "nothing" : error.message

const recovery = (boxes: Boxes, from: number): Effect.Effect<number | undefined> =>
  Effect.gen(function* () {
    while (performance.now() - from < recoveryMillis) {
      if ((yield* call(boxes, "add", { a: 1, b: 2 }, recoveryMillis)) === undefined) return performance.now() - from
      yield* Effect.sleep("20 millis")
    }
    return undefined
  })

const serverOf = Effect.fnUntraced(function* (fault: Case, mark: string) {
  if (fault.transport === "stdio") return fx("fx", flagsOf(fault), mark, changesOf(fault))
  const { url } = yield* fxHttp(flagsOf(fault), mark)
  return httpServer("fx", url, changesOf(fault))
})

const tryCase = Effect.fnUntraced(function* ({ parts }: ProofRun, fault: Case) {
  const mark = newMark()
  yield* endLeftovers(mark)
  const scope = yield* Scope.fork(yield* Effect.scope)
  const boxes = yield* Scope.provide(
    Effect.flatMap(serverOf(fault, mark), (server) => orchestrate(parts, [server])),
    scope
  )
  const from = performance.now()
  const error = yield* call(boxes, "echo", { text: "hello" }, hangMillis)
  const over = performance.now()
  const backMillis = passes(fault) ? yield* recovery(boxes, over) : undefined
  yield* Scope.close(scope, Exit.void)
  const left = (yield* Effect.promise(() => leftovers(mark))).length
  return { ...fault, code: codeOf(error), text: textOf(error), tookMillis: over - from, backMillis, left }
}, Effect.scoped)

/** What the orchestrator makes of the code that the client alone gives. */
const expected = ({ phase, row }: Case): string => {
  if (row.first === "ok") return "ok"
  // Nothing was executed, so the call is made again on a new session.
  if (row.first === "SERVER_SESSION_EXPIRED") return "ok"
  return phase === "call" ? row.first : `SERVER_UNAVAILABLE: ${row.first}`
}

/** Whether the fault is over after the first call. A server that cannot be started stays so until somebody mends it. */
const passes = ({ phase, row }: Case): boolean => phase === "call" || row.first === "ok"

const nameOf = ({ phase, row, transport }: Case): string => `${phase}, ${transport}, ${row.fault}`

const rowsOf = (all: ReadonlyArray<Seen>): ReadonlyArray<ReadonlyArray<string>> => [
  ["under the", "fault", "transport", "code", "what the caller sees", "after", "calls work again after"],
  ...all.map(({ backMillis, code, phase, row, text, tookMillis, transport }) => [
    phase,
    row.fault,
    transport,
    code,
    excerpt(text),
    millis(tookMillis),
    backMillis === undefined ? "it is mended" : millis(backMillis)
  ])
]

const excerpt = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ")
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`
}

const millis = (value: number): string => (value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`)

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const all = allCases()
  const count = Math.min(all.length, Math.max(12, Math.round(all.length * run.scale)))
  const chosen = new Set(makeRandom(run.seed).shuffle(all).slice(0, count))
  let done = 0
  const seen = yield* Effect.forEach(
    all.filter((fault) => chosen.has(fault)),
    (fault) =>
      Effect.tap(tryCase(run, fault), () =>
        Effect.sync(() => ++done % 25 === 0 && run.say(`${done} of ${count} faults`))
      ),
    { concurrency: atOnce }
  )
  const backs = seen.flatMap(({ backMillis }) => (backMillis === undefined ? [] : [backMillis]))
  const stuck = seen.filter(({ backMillis, ...fault }) => passes(fault) && backMillis === undefined)
  return {
    claims: [
      atLeast("faults on transports", seen.length, run.scale >= 1 ? 60 : 12, "packages/mcp/test/faultTable.ts"),
      none("no call hangs", seen.filter(({ code }) => code === "hangs").map(nameOf), seen.length),
      none(
        "each fault has its code",
        seen
          .filter((fault) => fault.code !== expected(fault))
          .map((fault) => `${nameOf(fault)}: ${fault.code}, not ${expected(fault)} (${fault.text.slice(0, 200)})`),
        seen.length
      ),
      none("calls work again", stuck.map(nameOf), seen.filter(passes).length),
      none("no process is left", seen.filter(({ left }) => left > 0).map(nameOf), seen.length)
    ],
    numbers: {
      rows: seen.length,
      codes: new Set(seen.map(({ code }) => code)).size,
      "p50 ms until calls work again": quantile(backs, 0.5),
      "max ms until calls work again": quantile(backs, 1)
    },
    table: rowsOf(seen)
  }
})

/** Every fault ends as it should. */
export const faultsProof: Proof = {
  description:
    "every known fault on three transports: what a caller sees, and when calls work again (--markdown: as a table)",
  limitSeconds: 600,
  run
}
