import { offlineModel } from "@signalbox/model/offline"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { joinedTools, runTurn, servers, toolsOf } from "./corpus.ts"

const model = offlineModel()

describe("whatever is typed to the offline model", () => {
  const all = joinedTools(servers.slice(0, 6))
  const required = new Map(
    all.map(({ inputSchema, name }) => [name, Array.isArray(inputSchema["required"]) ? inputSchema["required"] : []])
  )
  const isSound = (text: string) =>
    Effect.gen(function* () {
      const { calls, text: answer } = yield* runTurn(model, all, text)
      assert.notStrictEqual(answer, "endless")
      for (const { input, name } of calls) {
        for (const argument of required.get(name) ?? []) {
          assert.isTrue(Object.hasOwn(input, argument), `${name} without ${argument}`)
        }
      }
    })
  const pieces = Schema.Literals([
    ..."read write delete remember that then and ; create folder from to with \"a b\" 'c' `d` notes.txt src/*.ts 3 twelve".split(
      " "
    ),
    ...'{"path":1} [1,2 path= path=x https://x.y/z a@b.c 2026-01-01 tomorrow Anna __proto__=1 constructor toString'.split(
      " "
    ),
    "\n",
    "the page",
    "1."
  ])

  it.effect.prop("it never fails on any text", [Schema.String], ([text]) => isSound(text))

  it.effect.prop(
    "every call that it makes has the arguments that are required",
    [Schema.Array(pieces).check(Schema.isMaxLength(14))],
    ([words]) => isSound(words.join(" "))
  )

  it("its tools are those of real servers", () => {
    assert.isAbove(servers.flatMap((server) => toolsOf(server)).length, 80)
  })
})
