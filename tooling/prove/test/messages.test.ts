import { assert, describe, it } from "@effect/vitest"
import { tempDirectory } from "@signalbox/testing"
import { cp, readFile, writeFile } from "node:fs/promises"
import { corpus, messagesProof, messagesProofOf } from "../messages.ts"
import { failed, runOf } from "./runOf.ts"

describe("the proof of the Messages API", () => {
  it("holds for all of the corpus", async () => {
    const result = await runOf(messagesProof)
    assert.deepStrictEqual(failed(result), [])
    assert.strictEqual(result.numbers["passed"], result.numbers["total"])
  })

  it("fails when a request is refused, means something else upstream, or an answer is another one", async () => {
    await using copy = await tempDirectory()
    await cp(corpus, copy.path, { recursive: true })
    const [request, reply] = [copy.file("requests/plain-strings.json"), copy.file("replies/text.json")]
    await writeFile(copy.file("requests/nothing.json"), JSON.stringify({ headers: {}, body: {} }))
    const entry: object = JSON.parse(await readFile(request, "utf8"))
    const becomes = [{ role: "user", content: "something else" }]
    await writeFile(request, JSON.stringify({ ...entry, becomes }))
    await writeFile(reply, (await readFile(reply, "utf8")).replace("end_turn", "max_tokens"))
    const { claims, numbers } = await runOf(messagesProofOf(copy.path))
    const looked = claims.flatMap(({ look }) => look).join("\n")
    assert.match(looked, /nothing\.json: 400 /)
    assert.match(looked, /plain-strings\.json: the upstream is asked something else/)
    assert.match(looked, /^text: .* instead of /m)
    assert.isBelow(numbers["passed"] ?? 0, numbers["total"] ?? 0)
  })
})
