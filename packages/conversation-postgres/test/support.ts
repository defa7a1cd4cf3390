/** Stores of the tests: each test has tables of its own. */
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { layerPostgres, type PostgresOptions } from "@signalbox/conversation-postgres"
import { describe } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { connect, createServer, type Socket } from "node:net"
import { inject } from "vitest"
import { optionsFor } from "./options.ts"

const server = inject("postgres")

/** Tests of what needs a server; where there is none, they are skipped, and the setup has said why. */
export const describeDatabase = describe.skipIf(server === undefined)

export const serverUrl = server ?? ""

/** Statements of the test itself, on a connection of their own. */
export const run = (url: string, ...statements: ReadonlyArray<string>) =>
  PgConnection.make({ url: Redacted.make(url) }).pipe(
    Effect.flatMap((connection) => Effect.forEach(statements, (statement) => connection.query(statement))),
    Effect.map((results) => results.at(-1)?.rows ?? []),
    Effect.scoped
  )

/** The address of a schema in which there is nothing. */
export const emptySchema = Effect.gen(function* () {
  const name = `t_${crypto.randomUUID().replaceAll("-", "")}`
  yield* run(serverUrl, `CREATE SCHEMA ${name}`)
  return `${serverUrl}?options=${encodeURIComponent(`-c search_path=${name}`)}`
})

/** A store of its own for each use, as of another process. */
export const storeIn = (url: string, options: Partial<PostgresOptions> = {}) =>
  Layer.fresh(layerPostgres(optionsFor(url, options)))

/** Ends the connections of all stores, as a server that goes down does. */
export const cutConnections = run(
  serverUrl,
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'signalbox'`
)

export interface Wire {
  readonly url: string
  /** Lets the next message through that has these words, and nothing back; says afterwards whether there was one. */
  readonly loseAnswer: (words: string) => () => boolean
  readonly close: () => void
}

/** The same database over a wire that can be cut. */
export const overWire = (url: string) =>
  Effect.acquireRelease(
    Effect.callback<Wire>((resume) => {
      const target = new URL(url)
      const sockets = new Set<Socket>()
      let wanted: string | undefined
      const proxy = createServer((client) => {
        const upstream = connect(Number(target.port), target.hostname)
        let isLost = false
        for (const socket of [client, upstream]) {
          sockets.add(socket)
          socket.on("error", () => socket.destroy())
          socket.on("close", () => {
            client.destroy()
            upstream.destroy()
          })
        }
        client.on("data", (bytes) => {
          if (wanted !== undefined && bytes.includes(wanted)) {
            wanted = undefined
            isLost = true
          }
          upstream.write(bytes)
        })
        upstream.on("data", (bytes) => {
          if (isLost) client.destroy()
          else client.write(bytes)
        })
      })
      proxy.listen(0, "127.0.0.1", () => {
        const address = proxy.address()
        const own = new URL(url)
        own.port = String(typeof address === "object" && address !== null ? address.port : 0)
        resume(
          Effect.succeed({
            url: own.href,
            loseAnswer: (words) => {
              wanted = words
              return () => wanted === undefined
            },
            close: () => {
              for (const socket of sockets) socket.destroy()
              proxy.close()
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )
