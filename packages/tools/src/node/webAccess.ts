/**
 * `WebAccess` on Node: names are looked up as the system does, and each request has a connection of its own.
 */
import { Effect, Layer, Stream } from "effect"
import { lookup } from "node:dns"
import type { IncomingMessage } from "node:http"
import { isIPv6, type LookupFunction } from "node:net"
import { WebAccess, type WebAnswer, WebFault } from "../web/WebAccess.ts"

const faultOf = (error: Error): WebFault =>
  new WebFault({ reason: "code" in error ? String(error.code) : error.message })

const resolve = (host: string): Effect.Effect<ReadonlyArray<string>, WebFault> =>
  Effect.callback((resume) =>
    lookup(host, { all: true }, (error, found) =>
      resume(error === null ? Effect.succeed(found.map(({ address }) => address)) : Effect.fail(faultOf(error)))
    )
  )

/** Looks nothing up: answers with the address that was checked, whatever is asked for. */
export const pinned =
  (address: string): LookupFunction =>
  (_host, { all }, done) => {
    const family = isIPv6(address) ? 6 : 4
    if (all === true) done(null, [{ address, family }])
    else done(null, address, family)
  }

const headersOf = ({ headers }: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]]
    )
  )

/** Read as fast as it is taken: a server cannot fill the memory. */
const bodyOf = (message: IncomingMessage): Stream.Stream<Uint8Array, WebFault> =>
  Stream.fromAsyncIterable<Uint8Array, WebFault>(message, (error) =>
    faultOf(error instanceof Error ? error : new Error(String(error)))
  )

/** Loaded at the first page: most programs fetch none, and loading `node:http` costs each start 20 ms. */
const requesterFor = ({ protocol }: URL) =>
  Effect.map(
    Effect.promise(() => (protocol === "https:" ? import("node:https") : import("node:http"))),
    ({ request }) => request
  )

const answerTo = ({ address, headers, url }: Parameters<WebAccess["Service"]["get"]>[0]) =>
  Effect.flatMap(requesterFor(url), (start) =>
    Effect.callback<IncomingMessage, WebFault>((resume) => {
      // Without an agent there is no connection to be used again that was made for another address.
      const request = start(url, { agent: false, headers, lookup: pinned(address), method: "GET" })
      request.on("response", (message) => resume(Effect.succeed(message)))
      request.on("error", (error) => resume(Effect.fail(faultOf(error))))
      request.end()
      return Effect.sync(() => request.destroy())
    })
  )

const get: WebAccess["Service"]["get"] = (request) =>
  Effect.map(
    Effect.acquireRelease(Effect.interruptible(answerTo(request)), (message) => Effect.sync(() => message.destroy())),
    (message): WebAnswer => ({ status: message.statusCode ?? 0, headers: headersOf(message), body: bodyOf(message) })
  )

/** The web as this machine reaches it. */
export const layerWebAccess: Layer.Layer<WebAccess> = Layer.succeed(WebAccess, { resolve, get })
