import { assert, describe, it } from "@effect/vitest"
import { Principal, updateStreamContext } from "@signalbox/model"
import { Context, Effect, Stream } from "effect"

const named = (name: string) => updateStreamContext(Context.add(Principal, name))

const readers = Stream.fromEffectRepeat(Principal).pipe(Stream.take(3))

describe("the context of a stream", () => {
  it.effect("is changed for each of its pieces, and for nobody around it", () =>
    Effect.gen(function* () {
      const seen = yield* readers.pipe(
        named("inner"),
        Stream.mapEffect((within) => Effect.map(Principal, (around) => `${within} in ${around}`)),
        named("outer"),
        Stream.runCollect
      )
      assert.deepStrictEqual(
        seen,
        Array.from({ length: 3 }, () => "inner in outer")
      )
      assert.strictEqual(yield* Principal, "local")
    })
  )

  it.effect("follows that of whoever reads, who may be another for each piece", () =>
    Effect.gen(function* () {
      const add = updateStreamContext((context) =>
        Context.add(context, Principal, `${Context.get(context, Principal)}!`)
      )
      const pull = yield* Stream.toPull(add(Stream.fromEffectRepeat(Principal)))
      const seen: Array<string> = []
      for (const name of ["a", "b", "b", "a"]) {
        seen.push(...(yield* Effect.provideService(pull, Principal, name)))
      }
      assert.deepStrictEqual(seen, ["a!", "b!", "b!", "a!"])
    }).pipe(Effect.scoped)
  )
})
