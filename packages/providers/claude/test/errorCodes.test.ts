import { assert, describe, it } from "@effect/vitest"
import { askFor } from "@signalbox/model/testing"
import { makeClaude } from "@signalbox/provider-claude"
import { encodeError } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { optionsFor, withServer } from "./support.ts"

/** Status and code, as the official client looks its class for an error up: a table that it does not export. */
const table = readFileSync(fileURLToPath(import.meta.resolve("@anthropic-ai/sdk/core/error-classes")), "utf8")
const cases = [...table.matchAll(/'(\d{3} \w+)'/g)].map(([, each]) => String(each))

describe("the codes of errors for which the official client has classes", () => {
  it.live("come from the upstream to the client with their status", () =>
    withServer(
      ({ headers }, response) => {
        const [status, error_code] = String(headers["x-case"]).split(" ")
        const error = { type: "of_tomorrow", message: "no", details: { error_code } }
        response.writeHead(Number(status)).end(JSON.stringify({ type: "error", error }))
      },
      (url) =>
        Effect.gen(function* () {
          assert.isAtLeast(cases.length, 40)
          for (const each of cases) {
            const model = yield* makeClaude(optionsFor(url, { headers: { "x-case": each } }))
            const { body, status } = encodeError(yield* Effect.flip(model.generate(askFor())), "req_1")
            assert.strictEqual(`${status} ${String(body.error.details?.["error_code"])}`, each)
          }
        })
    )
  )
})
