/**
 * Says what of a request an upstream does not get: tools that only OpenAI runs, in the words of its Responses API. Coding
 * agents offer its search of the web with every request, so that it is no reason to refuse them elsewhere.
 */
import { CallNotes, isJsonObject, type LanguageModel, makeLanguageModel, type ModelRequest } from "@signalbox/model"
import { Effect, Stream } from "effect"

const vendorTools = ({ vendor }: ModelRequest): ReadonlyArray<string> => {
  const tools: unknown = vendor?.["openai"]?.["tools"]
  return (Array.isArray(tools) ? tools.filter(isJsonObject) : []).map(({ type }) => String(type))
}

/** Wraps the model of an upstream that has no such tools. The log says so once, `CallNotes` of each call. */
export const leavingOut = (upstream: string, model: LanguageModel["Service"]): LanguageModel["Service"] => {
  let isLogged = false
  const say = (request: ModelRequest) =>
    Effect.gen(function* () {
      const types = vendorTools(request)
      if (types.length === 0) return
      yield* (yield* CallNotes)({ type: "left_out", what: "tools", types })
      if (isLogged) return
      isLogged = true
      yield* Effect.logWarning(`Requests have tools that ${upstream} does not have; they are left out`).pipe(
        Effect.annotateLogs({ types: types.join(", ") })
      )
    })
  return makeLanguageModel({
    provider: model.provider,
    defaultModel: model.defaultModel,
    stream: (request) => Stream.unwrap(Effect.as(say(request), model.stream(request))),
    generate: (request) => Effect.andThen(say(request), model.generate(request)),
    countTokens: model.countTokens
  })
}
