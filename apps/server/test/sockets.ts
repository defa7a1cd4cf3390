/** A client of `/ws/chat`, as a program has it. */
import { waitFor } from "@signalbox/testing"
import type { JsonObject } from "@signalbox/model"

/** A frame as a test reads it. */
export interface Frame {
  readonly v: number
  readonly request_id: string | null
  readonly status: string
  readonly chunk?: {
    readonly type?: string
    readonly data?: string | ReadonlyArray<JsonObject>
    readonly metadata?: JsonObject
  }
  readonly error?: {
    readonly code: string
    readonly message: string
    readonly retryable: boolean
    readonly data: JsonObject
  }
  readonly metadata?: {
    readonly conversation_id?: string
    readonly usage?: { readonly output_tokens: number }
    readonly finish_reason?: string
    readonly cached?: boolean
    readonly client?: JsonObject
  }
}

const ends = new Set(["complete", "error", "cancelled"])

/** Connects; `await using` leaves. */
export const connect = async (
  url: string,
  { conversation, headers = {} }: { readonly conversation?: string; readonly headers?: Record<string, string> } = {}
) => {
  const query = conversation === undefined ? "" : `?conversation_id=${encodeURIComponent(conversation)}`
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/chat${query}`, { headers })
  const frames: Array<Frame> = []
  let closed: number | undefined
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data))))
  const gone = new Promise<number>((resolve) => {
    socket.addEventListener("close", ({ code }) => {
      closed = code
      resolve(code)
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve())
    socket.addEventListener("error", () => reject(new Error("The socket was not opened.")))
  })
  const send = (value: unknown) => socket.send(typeof value === "string" ? value : JSON.stringify(value))
  /** The frames of a request, when it has ended; of one without an id, the first. */
  const ended = (id: string | null, times = 1) =>
    waitFor(
      () => {
        const own = frames.filter((each) => each.request_id === id)
        return own.filter(({ status }) => ends.has(status)).length >= times ? own : undefined
      },
      { description: `the end of request ${id}`, state: () => JSON.stringify({ closed, frames }) }
    )
  return {
    send,
    gone,
    frames,
    ended,
    chat: (id: string, payload: object) => {
      send({ action: "chat", request_id: id, payload })
      return ended(id)
    },
    history: async (id: string) => {
      send({ action: "history", request_id: id })
      const [{ chunk } = { chunk: undefined }] = await ended(id)
      return Array.isArray(chunk?.data) ? (chunk.data as ReadonlyArray<JsonObject>) : []
    },
    /** Waits for a frame. */
    sees: (test: (frame: Frame) => boolean, description: string) =>
      waitFor(() => frames.find(test), { description, state: () => JSON.stringify(frames) }),
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await gone
    }
  }
}

/** The text of an answer. */
export const textIn = (frames: ReadonlyArray<Frame>): string =>
  frames.flatMap(({ chunk }) => (chunk?.type === "text" && typeof chunk.data === "string" ? [chunk.data] : [])).join("")
