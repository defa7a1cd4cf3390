/**
 * What keeping a record costs over the bare write of its line and `fsync`: one caller that adds one record after the other, one
 * that makes a pause between them, and many callers at once.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { EventStore, type NewEvent } from "@signalbox/conversation"
import { FileLock, layerJsonl, ProcessIdentities } from "@signalbox/conversation/jsonl"
import { Context, Effect, Layer } from "effect"
import { mkdtemp, open, rm } from "node:fs/promises"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import type { Bench, BenchResult } from "./Bench.ts"
import { silent } from "./silent.ts"
import { median, ratio, type Round } from "./statistics.ts"

const perRound = 50
const rounds = 60

/** As long as a usual answer of a tool. */
const text = "It is sunny in Bern, and the wind comes from the west. ".repeat(6)

const event: NewEvent = { type: "user_message", role: "user", content: [{ type: "text", text }] }

const storeIn = (folder: string) =>
  layerJsonl({ folder, durability: "fsync", strict: false, writesThrough: process.platform === "linux" }).pipe(
    Layer.provide(FileLock.layer),
    Layer.provide(ProcessIdentities.layer({ pid: process.pid, hostname: hostname() })),
    Layer.provide(NodeServices.layer),
    Layer.provideMerge(silent)
  )

const micros = async (work: () => Promise<void>): Promise<number> => {
  const from = performance.now()
  await work()
  return ((performance.now() - from) / perRound) * 1000
}

const result = (name: string, measured: ReadonlyArray<Round>, budget?: number): BenchResult => ({
  name,
  unit: "ratio",
  measured: ratio(measured),
  ...(budget === undefined ? {} : { budget }),
  rounds: measured.length,
  detail: {
    "bare µs": median(measured.map(({ baseline }) => baseline)),
    "kept µs": median(measured.map(({ candidate }) => candidate))
  }
})

const run = (effect: Effect.Effect<unknown, unknown>) => Effect.runPromise(Effect.asVoid(Effect.orDie(effect)))

const runBench = async (): Promise<ReadonlyArray<BenchResult>> => {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-bench-"))
  const file = await open(join(folder, "bare"), "a")
  try {
    return await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const context = yield* Layer.build(storeIn(join(folder, "history")))
          const store = Context.get(context, EventStore)
          const add = store.addEvent("c", event)
          yield* add
          // The same bytes as the store writes.
          const line = Buffer.from(
            `${JSON.stringify({ ...event, id: "x".repeat(36), conversation_id: "c", schema_version: 2, seq: 10_000, timestamp: new Date(0).toISOString() })}\n`
          )
          const writeBare = async () => {
            await file.write(line)
            await file.sync()
          }
          const pause = Effect.sleep("2 millis")
          const bare = async () => {
            for (let n = 0; n < perRound; n++) await writeBare()
          }
          const compare = async (candidate: Effect.Effect<unknown, unknown>): Promise<ReadonlyArray<Round>> => {
            const measured: Array<Round> = []
            for (let round = -5; round < rounds; round++) {
              const baseline = await micros(bare)
              const took = await micros(() => run(candidate))
              if (round >= 0) measured.push({ baseline, candidate: took })
            }
            return measured
          }
          const apart = async (): Promise<ReadonlyArray<Round>> => {
            const measured: Array<Round> = []
            for (let round = -5; round < rounds; round++) {
              let baseline = 0
              let candidate = 0
              for (let n = 0; n < perRound; n++) {
                await run(pause)
                baseline += await micros(writeBare)
                await run(pause)
                candidate += await micros(() => run(add))
              }
              if (round >= 0) measured.push({ baseline, candidate })
            }
            return measured
          }
          // Like the loop of the bare ones: `Effect.repeat` lets others run in between.
          const oneByOne = Effect.gen(function* () {
            for (let n = 0; n < perRound; n++) yield* add
          })
          const many = Effect.all(
            Array.from({ length: perRound }, () => add),
            { concurrency: "unbounded", discard: true }
          )
          return [
            result(
              "records one after the other, each with fsync, over bare write and fsync",
              yield* Effect.promise(() => compare(oneByOne)),
              1.3
            ),
            result("the same with 2 ms between them: each takes the lock anew", yield* Effect.promise(apart)),
            result(`${perRound} records of many callers at once`, yield* Effect.promise(() => compare(many)))
          ]
        })
      )
    )
  } finally {
    await file.close()
    await rm(folder, { recursive: true, force: true })
  }
}

export const appendBench: Bench = { description: "keeping a record over a bare append and fsync", run: runBench }
