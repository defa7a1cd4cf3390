/**
 * The bytes of a request that came as they are: listened to where node has them, since every request waits for this.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { joinBytes } from "@signalbox/model"
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"

/** Why there are none. */
export type UnreadBytes = "cut off" | "too large"

/**
 * Reads a body that is neither packed nor waits for `100 Continue`. What is too large is read no further; what the
 * server does with the rest of it is the server's.
 */
export const readBytes = (
  request: HttpServerRequest.HttpServerRequest,
  maxBytes: number
): Effect.Effect<Uint8Array, UnreadBytes> =>
  Effect.callback<Uint8Array, UnreadBytes>((resume) => {
    const incoming = NodeHttpServerRequest.toIncomingMessage(request)
    const pieces: Array<Uint8Array> = []
    let length = 0
    const forget = () => {
      incoming.off("data", take)
      incoming.off("end", end)
      incoming.off("close", lose)
    }
    const settle = (outcome: Effect.Effect<Uint8Array, UnreadBytes>) => {
      forget()
      resume(outcome)
    }
    const take = (piece: Uint8Array) => {
      length += piece.length
      if (length <= maxBytes) return void pieces.push(piece)
      incoming.pause()
      settle(Effect.fail("too large"))
    }
    const end = () => settle(Effect.succeed(joinBytes(pieces)))
    const lose = () => settle(Effect.fail("cut off"))
    if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) return resume(Effect.fail("too large"))
    incoming.on("data", take)
    incoming.on("end", end)
    incoming.on("close", lose)
    return Effect.sync(forget)
  })
