/** How the checks read what a server has sent, none of which they trust. */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { Result } from "effect"

/** A text as JSON; `undefined` where it is none. */
export const jsonOf = (text: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))

/** A value as an object; an empty one where it is none. */
export const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {})

/** The objects in a list; none where it is no list. */
export const objectsOf = (value: unknown): ReadonlyArray<JsonObject> =>
  Array.isArray(value) ? value.filter(isJsonObject) : []

/** Whether a value is a number of tokens. */
export const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0

/** The first complaint, if there is any: `[isRight, what is wrong where it is not]`. */
export const firstWrong = (claims: ReadonlyArray<readonly [isRight: boolean, words: string]>): string | undefined =>
  claims.find(([isRight]) => !isRight)?.[1]

/** A server-sent event. */
export interface SseEvent {
  readonly event: string
  readonly data: string
}

const field = (line: string, name: string): string | undefined =>
  line.startsWith(`${name}:`) ? line.slice(name.length + 1).replace(/^ /, "") : undefined

/** The events of a stream; comments are none. */
export const eventsIn = (text: string): ReadonlyArray<SseEvent> =>
  text
    .replaceAll("\r\n", "\n")
    .split("\n\n")
    .flatMap((block) => {
      const lines = block.split("\n")
      const data = lines.flatMap((line) => field(line, "data") ?? [])
      const event = lines.flatMap((line) => field(line, "event") ?? []).at(-1) ?? ""
      return data.length === 0 ? [] : [{ event, data: data.join("\n") }]
    })
