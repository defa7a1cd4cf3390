/**
 * Tools for one MCP client over two streams. Whoever writes its requests and closes the stream, as a shell does with a pipe,
 * gets the answers to all of them first; a call that does not end in time is stopped, and told as that.
 */
import type { RequestId, Server, Transport } from "@modelcontextprotocol/server"
import { serveStdio as serveSdkStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio"
import { Duration, Effect, FiberSet, Latch, Predicate, Stream } from "effect"
import { PassThrough, type Readable, type Writable } from "node:stream"
import { makeServer } from "./sdkServer.ts"
import type { ServedResult, ServedTools } from "./ServedTools.ts"

/** Where the client is, and what it is still owed when it has closed its side. */
export interface StdioFaceOptions {
  readonly input: Readable
  /** Nothing else may write to it. */
  readonly output: Writable
  /** How long calls may go on after the end of the input. */
  readonly grace: Duration.Duration
}

/** For the answers of calls that were stopped. */
const farewell = Duration.seconds(1)

/** Requests that stay open until the connection ends. */
const isListening = (method: string): boolean => method === "subscriptions/listen"

/** What happens to a connection. */
interface WireEvents {
  readonly onEnded: () => void
  readonly onClosed: () => void
}

/** The SDK's transport, whose input ends when all that came over it is answered, and not before. */
const makeWire = ({ input, output }: StdioFaceOptions, { onClosed, onEnded }: WireEvents): Transport => {
  const open = new Set<RequestId>()
  let leave: (() => void) | undefined
  const leaveIfAnswered = () => {
    if (open.size === 0) leave?.()
  }
  const held = new PassThrough({
    flush: (callback) => {
      leave = callback
      onEnded()
      // What came last is read by now, and counted.
      setImmediate(leaveIfAnswered)
    }
  })
  const inner = new StdioServerTransport(held, output)
  const settle = (id: RequestId | undefined) => {
    if (id !== undefined && open.delete(id)) leaveIfAnswered()
  }
  const outer: Transport = {
    start: () =>
      inner.start().then(() => {
        input.once("close", () => held.end())
        input.pipe(held)
      }),
    send: (message) => {
      const isRequest = "method" in message
      // Nobody is there who could answer a question.
      if (isRequest && "id" in message && leave !== undefined)
        return Promise.reject(new Error("The client has closed its input, and cannot be asked."))
      return inner.send(message).finally(() => {
        if (!isRequest) settle(message.id)
      })
    },
    close: () => {
      input.unpipe(held)
      input.pause()
      return inner.close()
    }
  }
  const handlers: Pick<Transport, "onclose" | "onerror" | "onmessage"> = {
    onmessage: (message) => {
      if ("method" in message) {
        if ("id" in message && !isListening(message.method)) open.add(message.id)
        // What is cancelled gets no answer.
        if (message.method === "notifications/cancelled") settle(cancelledId(message.params))
      }
      outer.onmessage?.(message)
    },
    onerror: (error) => outer.onerror?.(error),
    onclose: () => {
      outer.onclose?.()
      onClosed()
    }
  }
  Object.assign(inner, handlers)
  return outer
}

const cancelledId = (params: unknown): RequestId | undefined => {
  if (!Predicate.hasProperty(params, "requestId")) return undefined
  const { requestId } = params
  return typeof requestId === "string" || typeof requestId === "number" ? requestId : undefined
}

const stopped = (grace: Duration.Duration): ServedResult => ({
  _tag: "Result",
  content: [
    {
      type: "text",
      text: `CANCELLED: The client closed its input, and the call did not end within ${Duration.format(grace)}: it was stopped. It may have taken effect.`
    }
  ],
  isError: true
})

/** Serves until the client closes the input and has its answers, or the output. Then calls that still run are interrupted. */
export const serveOverStdio = (tools: ServedTools, options: StdioFaceOptions): Effect.Effect<void> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { grace } = options
      const run = yield* FiberSet.makeRuntimePromise()
      const ended = Latch.makeUnsafe(false)
      const isLate = Latch.makeUnsafe(false)
      const bounded: ServedTools = {
        ...tools,
        call: (call) => Effect.raceFirst(tools.call(call), Effect.as(isLate.await, stopped(grace)))
      }
      const servers = new Set<Server>()
      yield* tools.changes.pipe(
        Stream.runForEach(() =>
          Effect.sync(() => {
            // One that was made to be asked for its name alone has no connection, and nobody to tell.
            for (const server of servers) void server.sendToolListChanged().catch(() => servers.delete(server))
          })
        ),
        Effect.forkScoped
      )
      const untilClosed = Effect.callback<void>((resume) => {
        const transport = makeWire(options, {
          onEnded: () => ended.openUnsafe(),
          onClosed: () => resume(Effect.void)
        })
        const handle = serveSdkStdio(
          () => {
            const server = makeServer(bounded, run)
            servers.add(server)
            return server
          },
          { transport }
        )
        return Effect.promise(() => handle.close())
      })
      const untilLate = Effect.gen(function* () {
        yield* ended.await
        yield* Effect.sleep(grace)
        yield* isLate.open
        yield* Effect.sleep(farewell)
      })
      yield* Effect.raceFirst(untilClosed, untilLate)
    })
  )
