import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { makePlayer, makeRecorder, readCassette } from "@signalbox/conversation/replay"
import type { HookInput, HostSeams, Instructions } from "@signalbox/host"
import { playSeams, recordSeams } from "@signalbox/host/replay"
import { Effect, FileSystem } from "effect"

/** What a host does is recorded, and done again by what plays it. */
const taped = Effect.fnUntraced(function* <A, B>(
  recorded: (seams: HostSeams) => Effect.Effect<A>,
  played: (seams: HostSeams) => Effect.Effect<B>,
  options: { readonly liveFrom?: number } = {}
) {
  const fs = yield* FileSystem.FileSystem
  const file = `${yield* fs.makeTempDirectoryScoped()}/tape`
  const before = yield* Effect.scoped(
    Effect.flatMap(makeRecorder({ file, program: "p", subject: {}, secrets: [] }), (recorder) =>
      recorded(recordSeams(recorder))
    )
  )
  const player = makePlayer(yield* readCassette(file), { mode: "strict", ...options })
  return { before, after: yield* played(playSeams(player).seams), text: yield* fs.readFileString(file) }
})

const told = { version: 1, principal: "local", conversation_id: "c", request_id: null, agent: null } as const
const question = (input: HookInput) => ({ hook: `${input.event} guard.sh`, input })
const start = question({ ...told, event: "session-start" })
const end = question({ ...told, event: "session-end", is_kept: false })

/** Runs it, and says how often it was run. */
const makeHook = () => {
  let runs = 0
  const run = Effect.sync(() => {
    runs += 1
    return { exitCode: 0, stdout: `{"add_system":"run ${runs}"}`, stderr: "" }
  })
  return { run, runs: () => runs }
}

layer(NodeServices.layer)("what stands beside a conversation", (it) => {
  it.effect("hooks answer in a replay as they did, and are not run", () =>
    Effect.gen(function* () {
      const { run, runs } = makeHook()
      const trouble = { _tag: "HookTrouble", reason: "it took longer than 1s" } as const
      const ask = ({ hooks }: HostSeams) =>
        Effect.all([
          hooks(start, run),
          hooks(start, run),
          Effect.flip(hooks({ ...start, hook: "slow" }, Effect.fail(trouble))),
          hooks(end, run)
        ]).pipe(Effect.orDie)
      const { after, before, text } = yield* taped(ask, (seams) =>
        Effect.all([
          seams.hooks(start, run),
          seams.hooks(start, run),
          Effect.flip(seams.hooks({ ...start, hook: "slow" }, run)),
          seams.hooks(end, run)
        ]).pipe(Effect.orDie)
      )
      assert.strictEqual(runs(), 3)
      assert.deepStrictEqual(after.slice(0, 3), before.slice(0, 3))
      assert.deepInclude(after[3], { stdout: "" })
      assert.notInclude(text, "session-end")
    }).pipe(Effect.scoped)
  )

  it.effect("hooks are run again where a replay has gone live", () =>
    Effect.gen(function* () {
      const { run, runs } = makeHook()
      const ask = ({ hooks }: HostSeams) => Effect.orDie(hooks(start, run))
      yield* taped(ask, ask, { liveFrom: 0 })
      assert.strictEqual(runs(), 2)
    }).pipe(Effect.scoped)
  )

  it.effect("instructions are those that were read then", () =>
    Effect.gen(function* () {
      const then: Instructions = { text: "Be brief.", files: ["AGENTS.md"], notes: [] }
      const now: Instructions = { text: undefined, files: [], notes: [] }
      const { after } = yield* taped(
        ({ instructions }) => instructions(Effect.succeed(then)),
        ({ instructions }) => instructions(Effect.succeed(now))
      )
      assert.deepStrictEqual(after, then)
    }).pipe(Effect.scoped)
  )

  it.effect("long results have their ids, and those of before are there where they were read", () =>
    Effect.gen(function* () {
      const store = {
        keep: (_: string, text: string) => Effect.succeed(`r_${text}`),
        read: (_: string, id: string) => Effect.succeed(id === "r_old" ? "of an earlier day" : undefined),
        forget: () => Effect.void
      }
      const work = ({ results }: HostSeams, given: typeof store | undefined) =>
        Effect.gen(function* () {
          const kept = results(given)
          if (kept === undefined) return undefined
          const ids = [yield* kept.keep("c", "one"), yield* kept.keep("c", "three")]
          return { ids, old: yield* kept.read("fork of c", "r_old"), none: yield* kept.read("c", "r_none") }
        }).pipe(Effect.orDie)
      const { after, before } = yield* taped(
        (seams) => work(seams, store),
        (seams) => work(seams, undefined)
      )
      assert.deepStrictEqual(before, { ids: ["r_one", "r_three"], old: "of an earlier day", none: undefined })
      assert.deepStrictEqual(after, before)
      const without = yield* taped(
        (seams) => work(seams, undefined),
        (seams) => work(seams, undefined)
      )
      assert.strictEqual(without.after, undefined)
    }).pipe(Effect.scoped)
  )
})
