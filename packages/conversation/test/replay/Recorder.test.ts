import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, FileSystem, Scope } from "effect"
import { bytesOf, entriesOf, makeRecorder, readCassette } from "@signalbox/conversation/replay"

const secret = "canary-of-the-mine"

/** What a cassette holds after some work with its recorder, and its bytes. */
const recorded = (work: (recorder: Effect.Success<ReturnType<typeof makeRecorder>>) => void) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = `${yield* fs.makeTempDirectoryScoped()}/tape`
    yield* Effect.scoped(
      Effect.map(makeRecorder({ file, program: "p", subject: { key: secret }, secrets: [secret] }), work)
    )
    return { cassette: yield* readCassette(file), text: yield* fs.readFileString(file), file }
  })

const request = { method: "POST", url: "http://host/v1", headers: { "x-api-key": "k-of-the-provider" } }

/** The pieces of an answer, as they were written. */
const answered = (pieces: ReadonlyArray<Uint8Array | string>, body: unknown = {}) =>
  Effect.map(
    recorded((recorder) => {
      const tape = recorder.exchange({ ...request, body })
      tape.head(200, { "set-cookie": "c", date: "today" })
      for (const piece of pieces) tape.piece(typeof piece === "string" ? Buffer.from(piece) : piece)
      tape.end("complete")
    }),
    ({ cassette, text }) => ({ pieces: entriesOf(cassette, "piece").map((piece) => Buffer.from(bytesOf(piece))), text })
  )

const sse = (text: string) =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: "content_block_delta", index: 0, delta: { text } })}\n\n`

layer(NodeServices.layer)("a recorder", (it) => {
  it.effect("keeps an answer as it was cut, also within a character", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from("é is two bytes, 𝄞 four")
      const cut = [bytes.subarray(0, 1), bytes.subarray(1, 7), bytes.subarray(7)]
      const { pieces } = yield* answered(cut)
      assert.deepStrictEqual(pieces, cut)
    })
  )

  it.effect("takes a secret out that came in pieces, and leaves the others as they were cut", () =>
    Effect.gen(function* () {
      const { pieces, text } = yield* answered(["one. ", "the key is canary-", "of-the", "-mine. ", "two. "])
      assert.strictEqual(Buffer.concat(pieces).toString(), "one. the key is <redacted>. two. ")
      assert.strictEqual(pieces[0]?.toString(), "one. ")
      assert.strictEqual(pieces.at(-1)?.toString(), "two. ")
      assert.notInclude(text, "canary")
    })
  )

  it.effect("takes a secret out that a model says in many events, when it was shown it", () =>
    Effect.gen(function* () {
      const said = ["I say: ca", "nary", "-of-", "the-mi", "ne, ", "no more"]
      const { pieces, text } = yield* answered(said.map(sse), { messages: [`it is ${secret}`] })
      const texts = Buffer.concat(pieces)
        .toString()
        .split("\n\n")
        .filter((event) => event !== "")
        .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + 6)).delta.text)
      assert.strictEqual(texts.join(""), "I say: <redacted>, no more")
      assert.lengthOf(texts, said.length)
      for (const part of ["nary", "the-mi"]) assert.notInclude(text, part)
    })
  )

  it.effect("writes no header that lets in, and hides what stood in one wherever else it occurs", () =>
    Effect.gen(function* () {
      const { text } = yield* recorded((recorder) => {
        recorder.exchange({ ...request, headers: { ...request.headers, authorization: "Bearer of-the-bearer" } })
        recorder.note({ type: "note", name: "later", value: "k-of-the-provider and of-the-bearer" })
      })
      for (const part of ["k-of-the-provider", "of-the-bearer", "canary"]) assert.notInclude(text, part)
    })
  )

  it.effect("lets nobody else read the file, and writes over none", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { file, text } = yield* recorded(() => undefined)
      const again = makeRecorder({ file, program: "p", subject: {}, secrets: [] })
      // Its folder is gone with the scope of the first: the file is made anew.
      yield* fs.makeDirectory(file.slice(0, file.lastIndexOf("/")), { recursive: true })
      yield* fs.writeFileString(file, text)
      const error = yield* Effect.flip(Effect.scoped(again))
      assert.strictEqual(error.code, "CASSETTE_UNUSABLE")
      assert.strictEqual(yield* fs.readFileString(file), text)
    }).pipe(Effect.scoped)
  )

  it.effect("has everything in the file when it says so, and when its scope ends", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = `${yield* fs.makeTempDirectoryScoped()}/tape`
      const scope = yield* Scope.make()
      const recorder = yield* Scope.provide(makeRecorder({ file, program: "p", subject: {}, secrets: [] }), scope)
      recorder.beginStep()
      yield* recorder.written
      assert.lengthOf(entriesOf(yield* readCassette(file), "step"), 1)
      assert.strictEqual((yield* fs.stat(file)).mode & 0o777, 0o600)
      for (let step = 0; step < 500; step++) recorder.beginStep()
      yield* Scope.close(scope, Exit.void)
      assert.lengthOf(entriesOf(yield* readCassette(file), "step"), 501)
    }).pipe(Effect.scoped)
  )
})
