import { offlineModel } from "@signalbox/model/offline"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { exampleTools, judge, type Outcome, scores, servers, toolsOf } from "./corpus.ts"
import { heldOut } from "./heldOut.ts"
import { knownMisses } from "./knownMisses.ts"
import { sentences } from "./sentences.ts"

const model = offlineModel()
const percent = (value: number) => `${value.toFixed(1)} %`

const report = (title: string, outcomes: ReadonlyArray<Outcome>) => {
  const { arguments: args, tool } = scores(outcomes)
  return `${title}: ${outcomes.length} sentences, right tool ${percent(tool)}, right arguments ${percent(args)}\n`
}

describe("the offline model on sentences that people type", () => {
  it.effect("finds the right tool for 85 % and the right arguments for 75 % of them, and of those held out", () =>
    Effect.gen(function* () {
      const tuned = yield* Effect.forEach(sentences, (sentence) => judge(model, sentence))
      const unseen = yield* Effect.forEach(heldOut, (sentence) => judge(model, sentence))
      const all = [...tuned, ...unseen]
      const misses = all.filter(({ areArgumentsRight }) => !areArgumentsRight)
      process.stdout.write(
        [
          report("all", all),
          report("held out", unseen),
          ...misses.map(({ got, sentence }) => `missed: "${sentence.sentence}" gave ${got}\n`)
        ].join("")
      )
      for (const outcomes of [all, unseen]) {
        assert.isAtLeast(scores(outcomes).tool, 85)
        assert.isAtLeast(scores(outcomes).arguments, 75)
      }
      assert.deepStrictEqual(
        misses.map(({ got, sentence }) => ({ sentence: sentence.sentence, got })),
        knownMisses
      )
    })
  )

  it("are many, and over many servers, most of which the example configuration does not have", () => {
    const all = [...sentences, ...heldOut]
    assert.isAtLeast(all.length, 110)
    assert.isAtLeast(servers.flatMap((server) => toolsOf(server)).length, 110)
    assert.strictEqual(new Set(all.map(({ sentence }) => sentence)).size, all.length)
    const more = new Set(all.flatMap((sentence) => sentence.with ?? []))
    assert.isAtLeast(more.size + 3, 8)
    assert.isAtLeast(heldOut.length / all.length, 0.3)
  })

  it("name only tools that their servers have", () => {
    for (const { asks, calls, sentence, with: server } of [...sentences, ...heldOut]) {
      const names = new Set(exampleTools(server).map(({ name }) => name))
      for (const expected of [...calls, ...(asks === undefined ? [] : [asks])].flatMap(({ tool }) => tool)) {
        assert.isTrue(names.has(expected), `${sentence}: ${expected}`)
      }
    }
  })
})

describe("the sources of the offline model", () => {
  it("know no tool and no server by name", () => {
    const folder = join(import.meta.dirname, "../../src/offline")
    const source = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), "utf8"))
      .join("\n")
      .toLowerCase()
    const distinctive = servers.flatMap((server) =>
      toolsOf(server).flatMap(({ name }) => (/[_-]|[a-z][A-Z]/.test(name) ? [name] : []))
    )
    assert.isAtLeast(distinctive.length, 100)
    const products = ["context7", "notion", "playwright", "devtools", "filesystem", "sequentialthinking", "server-"]
    for (const name of [...distinctive, ...products]) assert.notInclude(source, name.toLowerCase())
  })
})
