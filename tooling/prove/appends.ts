/**
 * Many processes write to one conversation at once: every record is there, whole, under a number of its own without gaps, and
 * all of them together are not much slower than one that writes as many as each of them: code that has just begun is slow, and
 * each of them has just begun. How fast one is that writes as many as all of them is told beside it.
 */
import { Effect } from "effect"
import { join } from "node:path"
import { type ReadFile, readConversation } from "./history/readFile.ts"
import { type StartWorker, type Worker, workersIn } from "./history/workers.ts"
import { amountOf, atMost, type Claim, none, type Proof, type ProofRun } from "./Proof.ts"
import { endLeftovers, folder, newMark } from "./servers.ts"
import { noProcessLeft } from "./traces.ts"

/** From the first append of any to the last of all, in milliseconds. */
const spanOf = (workers: ReadonlyArray<Worker>): number => {
  const times = workers.flatMap(({ lines }) => lines.filter((line) => line.startsWith("done ")))
  const spans = times.map((line) => line.split(" ").slice(1).map(Number))
  const froms = spans.map(([from = Number.NaN]) => from)
  const tos = spans.map(([, to = Number.NaN]) => to)
  return times.length === workers.length ? Math.max(...tos) - Math.min(...froms) : Number.NaN
}

/** All wait for each other, then write. */
const writeTogether = async (start: StartWorker, args: (number: number) => ReadonlyArray<string>, count: number) => {
  const workers = Array.from({ length: count }, (_, number) => start(...args(number)))
  await Promise.all(workers.map(({ said }) => said((line) => line === "ready")))
  for (const { process } of workers) process.stdin?.write("go\n")
  await Promise.all(workers.map(({ ended }) => ended))
  return spanOf(workers)
}

const missing = ({ events }: ReadFile, processes: number, each: number): ReadonlyArray<string> => {
  const ids = new Set(events.map(({ request_id }) => request_id))
  return Array.from({ length: processes * each }, (_, n) => `p${Math.floor(n / each)}-${n % each}`).filter(
    (id) => !ids.has(id)
  )
}

const gaps = ({ events }: ReadFile): ReadonlyArray<string> =>
  events.flatMap(({ seq }, index) => (seq === index + 1 ? [] : [`number ${seq} is at place ${index + 1}`]))

/** How much slower than one alone all together may be, and how often that is tried. */
const slowest = 2
const rounds = 3

const run = Effect.fnUntraced(function* (given: ProofRun) {
  const { parts, say, scale } = given
  const mark = newMark()
  yield* endLeftovers(mark)
  const space = yield* folder
  const start = yield* workersIn(space.path, mark)
  const each = amountOf(given, 1000, 50)
  const counts = scale >= 0.5 ? [4, 8, 16] : [4]
  const history = join(space.path, "history")
  const claims: Array<Claim> = []
  const numbers: Record<string, number> = {}
  for (const processes of counts) {
    const total = processes * each
    say(`${processes} processes write ${each} records each; then one writes ${each}, and one ${total}`)
    const name = `c${processes}`
    const write = (count: number, conversation: string, amount: number) => {
      const args = (number: number) => ["append", history, conversation, `p${number}`, `${amount}`, parts.storeFault]
      return Effect.map(
        Effect.promise(() => writeTogether(start, args, count)),
        (millis) => millis / (count * amount)
      )
    }
    const measured: Array<{ readonly together: number; readonly alone: number }> = []
    // What else the machine does only ever makes it slower, and not both alike: the best of some rounds counts.
    while (measured.length < rounds && !measured.some((each) => each.together / each.alone <= slowest)) {
      const round = measured.length
      measured.push({
        together: yield* write(processes, `${name}-${round}`, each),
        alone: yield* write(1, `one-${name}-${round}`, each)
      })
    }
    const long = yield* write(1, `long-${name}`, total)
    const files = yield* Effect.forEach(measured, (_, round) =>
      Effect.promise(() => readConversation(join(history, `${name}-${round}.jsonl`)))
    )
    const [best = { together: Number.NaN, alone: Number.NaN }] = measured.toSorted(
      (one, other) => one.together / one.alone - other.together / other.alone
    )
    claims.push(
      none(
        `${processes} processes: every line is whole and there once`,
        files.flatMap((file) => file.faults),
        total
      ),
      none(
        `${processes} processes: every record is there`,
        files.flatMap((file) => missing(file, processes, each)),
        total
      ),
      none(`${processes} processes: the numbers are those from 1 to ${total}`, files.flatMap(gaps), total),
      atMost(
        `${processes} processes: time for a record, over that of one process that writes as many as each`,
        best.together / best.alone,
        slowest,
        "×",
        "see who waits for the lock"
      )
    )
    numbers[`${processes} processes, records/s`] = 1000 / best.together
    numbers[`one process that writes ${each}, records/s`] = 1000 / best.alone
    numbers[`one process that writes ${total}, records/s`] = 1000 / long
  }
  return { claims: [...claims, yield* noProcessLeft(mark)], numbers }
})

/** Appends of many processes. */
export const appendsProof: Proof = {
  description: "16 processes write 1,000 records each to one conversation: all are there once, in good time",
  limitSeconds: 300,
  run
}
