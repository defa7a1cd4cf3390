/**
 * What a server on this machine has: asked where its configuration names no model, and by `auto` to find out whether
 * it is there at all.
 */
import { Effect, Predicate } from "effect"
import { HttpClient } from "effect/http"

/** The names of the models behind a URL of OpenAI's form; `undefined` where nobody answers, or something else. */
export const listModels = Effect.fnUntraced(
  function* (baseUrl: string) {
    const client = yield* HttpClient.HttpClient
    const response = yield* client.get(`${baseUrl}/models`)
    const body = yield* response.json
    const data = Predicate.hasProperty(body, "data") && Array.isArray(body.data) ? body.data : []
    return data.flatMap((entry: unknown) =>
      Predicate.hasProperty(entry, "id") && typeof entry.id === "string" ? [entry.id] : []
    )
  },
  Effect.timeoutOption("400 millis"),
  Effect.orElseSucceed(() => undefined),
  Effect.map((found) => (found?._tag === "Some" ? found.value : undefined))
)
