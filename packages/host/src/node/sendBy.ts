/**
 * Requests by undici's own dispatch: no stream, no promise and no signal stands between its parser and whoever listens.
 */
import type Undici from "@effect/platform-node/Undici"
import type { SendDirectly } from "@signalbox/model/http"
import { Predicate } from "effect"

type Controller = Parameters<NonNullable<Undici.Dispatcher.DispatchHandler["onRequestStart"]>>[0]

const joined = (headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>) => {
  const all: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) all[name] = Predicate.isString(value) ? value : value.join(", ")
  }
  return all
}

/** Sends over the connections of a dispatcher. Limits of time are the caller's. */
export const sendBy =
  (dispatcher: Undici.Dispatcher): SendDirectly =>
  (request, { onEnd, onHead, onLost, onPiece }) => {
    let controller: Controller | undefined
    let isOver = false
    const lose = (cause: unknown) => {
      if (isOver) return
      isOver = true
      onLost(cause)
    }
    try {
      const { origin, pathname, search } = new URL(request.url)
      const options = {
        origin,
        path: `${pathname}${search}`,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0
      }
      dispatcher.dispatch(options, {
        onRequestStart: (started) => {
          controller = started
          // Cancelled while it waited for a connection.
          if (isOver) started.abort(cancelled())
        },
        onResponseStart: (_, status, headers) => {
          // Others than the last head are about the connection.
          if (!isOver && status >= 200) onHead(status, joined(headers))
        },
        onResponseData: (_, piece) => {
          if (!isOver) onPiece(piece)
        },
        onResponseEnd: () => {
          if (isOver) return
          isOver = true
          onEnd()
        },
        onResponseError: (_, cause) => lose(cause)
      })
    } catch (cause) {
      // Before anybody has what this answers with.
      queueMicrotask(() => lose(cause))
    }
    return {
      pause: () => controller?.pause(),
      resume: () => controller?.resume(),
      cancel: () => {
        if (isOver) return
        isOver = true
        controller?.abort(cancelled())
      }
    }
  }

const cancelled = () => new Error("The request was given up.")
