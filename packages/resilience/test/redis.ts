import { compareAndSetScript, type SharedStorage } from "@signalbox/resilience"
import { Duration, Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** One command over the protocol of Redis (RESP 2); answers are short here and come in one piece. */
const ask = async (socket: Socket, ...words: ReadonlyArray<string>): Promise<string | undefined> => {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  socket.write(`*${words.length}\r\n${bulk.join("")}`)
  const [chunk]: Array<Buffer> = await once(socket, "data")
  const [head = "", body] = String(chunk).split("\r\n")
  if (head.startsWith("-")) throw new Error(head)
  if (head === "$-1") return undefined
  return head.startsWith("$") ? body : head.slice(1)
}

/** A storage over one connection, on which commands take turns. */
const storageOver = (socket: Socket): SharedStorage => {
  let last: Promise<unknown> = Promise.resolve()
  const send = (...words: ReadonlyArray<string>) =>
    Effect.tryPromise(() => {
      const answer = last.then(() => ask(socket, ...words))
      last = answer.catch(() => undefined)
      return answer
    })
  return {
    get: (key) => send("GET", key),
    compareAndSet: (key, expected, next, timeToLive) => {
      const millis = timeToLive === undefined ? 0 : Math.ceil(Duration.toMillis(timeToLive))
      const answer = send("EVAL", compareAndSetScript, "1", key, expected ?? "", next, String(millis))
      return Effect.map(answer, (text) => text === "1")
    },
    remove: (key) => send("DEL", key)
  }
}

const acquire = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-redis-"))
    const path = join(folder, "socket")
    const args = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder]
    const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "ignore"] })
    for await (const line of server.stdout) if (String(line).includes("eady to accept connections")) break
    const socket = connect(path)
    await once(socket, "connect")
    return { folder, server, socket }
  }),
  ({ folder, server, socket }) =>
    Effect.promise(async () => {
      socket.destroy()
      const gone = once(server, "exit")
      server.kill("SIGKILL")
      await gone
      await rm(folder, { recursive: true })
    })
)

/** Runs a test against a Redis of its own where one is installed; elsewhere it says that it did not. */
export const withRedis = <E>(test: (storage: SharedStorage) => Effect.Effect<void, E>): Effect.Effect<unknown, E> =>
  spawnSync("redis-server", ["--version"]).status === 0
    ? Effect.scoped(Effect.flatMap(acquire, ({ socket }) => test(storageOver(socket))))
    : Effect.sync(() =>
        process.stderr.write("There is no redis-server here: the shared store was tried over its fake alone.\n")
      )
