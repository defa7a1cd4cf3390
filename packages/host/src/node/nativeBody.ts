/**
 * The body of a response as undici has it: a readable stream of Node, which is read here without one of Effect over it.
 */
import type { FindNativeBody, NativeBody } from "@signalbox/model/http"
import { Predicate } from "effect"
import { Readable } from "node:stream"

const makeNativeBody = (body: Readable): NativeBody => ({
  read: ({ onEnd, onLost, onPiece }) => {
    body.on("data", onPiece)
    body.on("end", onEnd)
    body.on("error", onLost)
    // Of one that is destroyed without a reason nothing else is heard.
    body.on("close", () => {
      if (!body.readableEnded && body.errored === null) onLost(undefined)
    })
  },
  pause: () => void body.pause(),
  resume: () => void body.resume(),
  cancel: () => void body.destroy()
})

/** Finds it in what Effect's client over undici answers with. */
export const findNativeBody: FindNativeBody = (response) => {
  const source = Predicate.hasProperty(response, "source") ? response.source : undefined
  const body = Predicate.hasProperty(source, "body") ? source.body : undefined
  return body instanceof Readable ? makeNativeBody(body) : undefined
}
