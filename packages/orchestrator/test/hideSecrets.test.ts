import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Logger, Redacted, References } from "effect"
import { orchestrateReal, stdio, until } from "./realServers.ts"

/** A server that writes these pieces to standard error, a moment apart, and ends. */
const writing = (pieces: ReadonlyArray<string>, secret: string) => {
  const program = `
    const token = process.env.TOKEN
    const words = { SECRET: token, FIRST: token.slice(0, 9), LAST: token.slice(9) }
    const say = async () => {
      for (const piece of ${JSON.stringify(pieces)}) {
        process.stderr.write(piece.replace(/SECRET|FIRST|LAST/g, (word) => words[word]))
        await new Promise((done) => setTimeout(done, 60))
      }
      process.exit(3)
    }
    say()`
  const { server, ...managed } = stdio("leaky", { command: process.execPath, args: ["-e", program] })
  // It is one over stdio.
  const endpoint = { ...server.endpoint, env: { TOKEN: Redacted.make(secret) } } as typeof server.endpoint
  return { ...managed, server: { ...server, endpoint, connectTimeout: Duration.seconds(10) } }
}

describe("what a server says of its own secrets", () => {
  it.live("is masked in logs and in errors, also in two pieces, and nothing else is lost", () => {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
    return Effect.gen(function* () {
      const secret = "sk-canary-äöü-0123456789"
      const pieces = ["token SECRET is wrong\n", "and FIRST", "LAST too\n", "FIRST was the beginning\nsk-can"]
      const boxes = yield* orchestrateReal([writing(pieces, secret)])
      yield* boxes.settled
      const { lastError } = yield* boxes.server("leaky")
      const logs = yield* boxes.logs("leaky")
      assert.deepStrictEqual(logs.slice(0, 4), [
        "token <redacted> is wrong",
        "and <redacted> too",
        "sk-canary was the beginning",
        "sk-can"
      ])
      yield* until("the log", () => lines.some((line) => line.includes("is wrong")))
      assert.notInclude(JSON.stringify([lastError, lastError?.message]) + lines.join("\n"), "0123456789")
    }).pipe(Effect.provide(Layer.mergeAll(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Debug"))))
  })
})
