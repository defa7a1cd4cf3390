/**
 * What a caller gets when the upstream of a model misbehaves: every fault that fx-llm knows, over everything that an
 * upstream can speak, through each of our APIs, streamed and whole, as the official clients see it. Printed as a table.
 */
import { makeRandom, waitFor } from "@signalbox/testing"
import { Effect, Exit, identity, Scope, Semaphore } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { quantile } from "./measure.ts"
import { atLeast, none, type Proof, type ProofRun } from "./Proof.ts"
import { allCases, type Case, nameOf, passesUnread } from "./upstream/cases.ts"
import { ask, type Asking, type Fetch, type Told } from "./upstream/clients.ts"
import { type Outcome, outcomeOf } from "./upstream/outcome.ts"
import { modelOf, type Pair, requestsFor, startPairs } from "./upstream/servers.ts"
import { againstIn } from "./upstream/promises.ts"
import { tableOf } from "./upstream/table.ts"

/** A case that takes longer hangs. The longest wait is that for a first byte which comes late. */
const hangMillis = 25_000
/** How long a slow client reads nothing: longer than the server waits for its upstream. */
const pauseMillis = 4500
/** By then the request to the upstream has ended, once the caller has its answer. */
const patience = 5000
const atOnce = 24
const largeAtOnce = 2

/** What was seen of one case. */
export interface Seen {
  readonly one: Case
  readonly told: Told
  /** What the upstream itself gives, for what is handed on however it is. */
  readonly direct: Told | undefined
  readonly outcome: Outcome
  readonly millis: number
  /** Whether the upstream waited while a slow client read nothing. */
  readonly isHeldUp: boolean
  /** Requests to the upstream that went on after the answer. */
  readonly running: number
}

/** Lets go what fx-llm holds, each time that the caller has seen what came before it; a whole answer shows nothing before its end. */
const releaseWhenSeen = ({ fault, form }: Case, pair: Pair, text: string) => {
  const held = () => requestsFor(pair, text).filter(({ isHeld }) => isHeld)
  const release = () => {
    for (const { n } of held()) pair.fxLlm.release(n)
  }
  const expected = fault.text.join("")
  const timer = fault.reply.hold !== undefined && form === "whole" ? setInterval(release, 5) : undefined
  return {
    onText: (so: string) => {
      if (so === expected) release()
    },
    [Symbol.dispose]: () => clearInterval(timer)
  }
}

const askOne = async (one: Case, pair: Pair, fetch: Fetch) => {
  const text = nameOf(one)
  using holding = releaseWhenSeen(one, pair, text)
  let isHeldUp = false
  const pause = async () => {
    await sleep(pauseMillis)
    isHeldUp = requestsFor(pair, text).every(({ outcome }) => outcome === undefined)
  }
  const asking: Asking = {
    url: pair.url,
    model: modelOf(one),
    text,
    form: one.form,
    fetch,
    signal: AbortSignal.timeout(hangMillis),
    onText: holding.onText,
    pause: one.fault.isClientSlow ? pause : undefined
  }
  const from = performance.now()
  const told = await ask(one.api, asking)
  return { told, text, millis: performance.now() - from, asking, isHeldUp }
}

/** What bytes give that are handed on as they came is not ours to say. */
const askDirectly = (one: Case, pair: Pair, asking: Asking): Promise<Told> | undefined =>
  passesUnread(one)
    ? ask(one.api, { ...asking, url: pair.fxLlm.url, text: `${asking.text}, itself`, fetch: globalThis.fetch })
    : undefined

const tryCase = async (one: Case, pair: Pair, fetch: Fetch): Promise<Seen> => {
  const { asking, isHeldUp, millis, text, told } = await askOne(one, pair, fetch)
  const direct = await askDirectly(one, pair, asking)
  const running = () => requestsFor(pair, text).filter(({ endedAt }) => endedAt === undefined)
  await waitFor(() => running().length === 0, { description: "the upstream's end", limitMs: patience }).catch(() => {})
  const requestId = told.recording?.headers.get("x-request-id") ?? ""
  const outcome = outcomeOf(one, told, {
    code: pair.logged.codes.get(requestId),
    requests: requestsFor(pair, text).length,
    direct
  })
  return { one, told, direct, outcome, millis, isHeldUp, running: running().length }
}

const fewest = 60

/** The cases of a run: all, or some that the seed chooses. */
const choose = ({ scale, seed }: ProofRun, among: ReadonlyArray<Case>): ReadonlyArray<Case> => {
  const count = Math.max(fewest, Math.round(among.length * scale))
  const chosen = new Set(makeRandom(seed).shuffle(among).slice(0, count))
  return among.filter((one) => chosen.has(one))
}

/** How a proof may differ, so that a test can see it fail. */
export interface UpstreamProofOptions {
  readonly fetch?: Fetch
  readonly among?: ReadonlyArray<Case>
  readonly onSeen?: (seen: ReadonlyArray<Seen>) => void
}

/** A proof whose clients ask in some way. */
export const upstreamProofOf = ({
  among = allCases,
  fetch = globalThis.fetch,
  onSeen = () => {}
}: UpstreamProofOptions = {}): Proof => ({
  description: "every fault of a model's upstream, through each API: what a caller gets (--markdown: as a table)",
  limitSeconds: 300,
  run: Effect.fnUntraced(function* (run) {
    const cases = choose(run, among)
    const upstreams = yield* Effect.scope
    const servers = yield* Scope.fork(upstreams)
    const pairs = yield* Scope.provide(startPairs(cases, upstreams), servers)
    const places = yield* Semaphore.make(largeAtOnce)
    const inTurn = ({ fault }: Case) => (fault.isLarge ? places.withPermits(1) : identity)
    let done = 0
    const seen = yield* Effect.forEach(
      cases,
      (one) =>
        Effect.tap(inTurn(one)(Effect.promise(() => tryCase(one, pairs.of(one), fetch))), () =>
          Effect.sync(() => ++done % 100 === 0 && run.say(`${done} of ${cases.length} cases`))
        ),
      { concurrency: atOnce }
    )
    yield* Scope.close(servers, Exit.void)
    const open = () => pairs.all.reduce((sum, { fxLlm }) => sum + fxLlm.openConnections, 0)
    yield* Effect.promise(() =>
      waitFor(() => open() === 0, { description: "connections to close", limitMs: patience }).catch(() => {})
    )
    onSeen(seen)
    const millis = seen.filter(({ one }) => one.fault.temper === "usual").map((one) => one.millis)
    return {
      claims: [
        atLeast("cases", seen.length, run.scale >= 1 ? 800 : fewest, "tooling/prove/upstream/cases.ts"),
        ...Object.entries(againstIn(seen, hangMillis)).map(([name, against]) => none(name, against, seen.length)),
        none(
          "nothing broke inside",
          pairs.all.flatMap(({ logged }) => logged.defects)
        ),
        none(
          "the upstream's connections are closed with the server",
          pairs.all.filter(({ fxLlm }) => fxLlm.openConnections > 0).map(({ url }) => url)
        )
      ],
      numbers: {
        cases: seen.length,
        faults: new Set(cases.map(({ fault }) => fault.name)).size,
        codes: new Set(seen.map(({ outcome }) => outcome.code)).size,
        // How much the sockets between them hold is for the kernel to say.
        "upstreams that waited for a slow client": seen.filter(({ isHeldUp }) => isHeldUp).length,
        "p50 ms": quantile(millis, 0.5)
      },
      table: tableOf(seen)
    }
  })
})

/** With what Node brings. */
export const upstreamProof = upstreamProofOf()
