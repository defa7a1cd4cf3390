/**
 * The model of one turn, whose first call is not like the others.
 */
import type { LanguageModel } from "@signalbox/model"
import { Stream } from "effect"

type Model = LanguageModel["Service"]

/** The model, with `first` in place of its first call. */
export const firstCallBy = (model: Model, first: Model["stream"]): Model => {
  let isFirst = true
  return {
    ...model,
    stream: (request) =>
      Stream.suspend(() => {
        if (!isFirst) return model.stream(request)
        isFirst = false
        return first(request)
      })
  }
}
