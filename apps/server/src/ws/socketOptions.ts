/**
 * How the sockets of `/ws/chat` are bounded: messages are not read beyond their limit, and a client that answers no ping is
 * taken for gone, since a network that is cut says nothing. The file that knows the sockets of `ws`.
 */
import * as NodeWS from "@effect/platform-node/NodeWS"
import { Duration } from "effect"
import type { ServerSection } from "../api/ApiContext.ts"

/** The largest message, in bytes. */
export const maxMessageBytes = ({ maxRequestBytes, websocket }: ServerSection): number =>
  websocket.maxMessageBytes === "auto" ? maxRequestBytes : websocket.maxMessageBytes

/** Asks for a sign of life at each interval, and ends the socket where none comes in time. */
const watch = (socket: NodeWS.WebSocket, interval: Duration.Duration, timeout: Duration.Duration): void => {
  let silence: NodeJS.Timeout | undefined
  const isAlive = () => {
    clearTimeout(silence)
    silence = undefined
  }
  const beat = setInterval(() => {
    // While nothing is read, no answer can be.
    if (socket.readyState !== socket.OPEN || socket.isPaused) return isAlive()
    socket.ping()
    silence ??= setTimeout(() => socket.terminate(), Duration.toMillis(timeout)).unref()
  }, Duration.toMillis(interval)).unref()
  socket.on("pong", isAlive)
  socket.on("message", isAlive)
  socket.on("close", () => {
    clearInterval(beat)
    isAlive()
  })
}

/** `ws` makes its sockets by this, and tells nobody when it has made one. */
const watched = (interval: Duration.Duration, timeout: Duration.Duration): typeof NodeWS.WebSocket =>
  class extends NodeWS.WebSocket {
    readonly watched = watch(this, interval, timeout)
  }

/** What `ws` is told. */
export const socketOptions = (options: ServerSection) => {
  const { pingInterval, pingTimeout } = options.websocket
  return {
    // Beyond what is told in words, to read no more than that.
    maxPayload: 2 * maxMessageBytes(options),
    ...(pingInterval === "off" ? {} : { WebSocket: watched(pingInterval, pingTimeout) })
  }
}
