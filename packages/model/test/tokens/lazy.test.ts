import { assert, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { promisify } from "node:util"

/** Prints each module of the tokenizer that is asked for, and "--" between the steps. */
const program = `
import { registerHooks } from "node:module"
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith("gpt-tokenizer")) console.log(specifier)
    return next(specifier, context)
  }
})
await import("@signalbox/model")
const { TokenCounter } = await import("@signalbox/model/tokens")
const { Effect } = await import("effect")
const counter = await Effect.runPromise(TokenCounter.make())
console.log("--")
await Effect.runPromise(counter.countText("hello"))
`

it("The vocabulary is loaded by the first count, and by no import", async () => {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: new URL("..", import.meta.url)
  })
  assert.deepStrictEqual(stdout.trim().split("\n"), ["--", "gpt-tokenizer/encoding/o200k_base"])
}, 60_000)
