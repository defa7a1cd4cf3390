/**
 * A server that wants the model to answer something. The person sees what it wants and is asked once for each server;
 * the model gets no tools and knows nothing of the conversation.
 */
import type { ChosenModel } from "@signalbox/host"
import type { ModelRequest, ModelReply, ModelError } from "@signalbox/model"
import { Effect } from "effect"
import { oneLine } from "../../render/style.ts"
import type { Asking } from "./Asking.ts"

/** How much is shown of each text that the server wants to send. */
const shownCharacters = 500

const textOf = (content: ModelRequest["messages"][number]["content"]): string =>
  content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join(" ")

const linesOf = ({ messages, system }: ModelRequest): ReadonlyArray<string> => [
  ...system.map(({ text }) => `system: ${text}`),
  ...messages.map(({ content, role }) => `${role}: ${textOf(content)}`)
]

/** Answers the wishes of servers. */
export interface ModelWishes {
  readonly answer: (request: ModelRequest, source: string) => Effect.Effect<ModelReply | undefined, ModelError>
}

/** Remembers what the person said of each server, for one conversation. */
export const makeModelWishes = (asking: Asking, chosen: ChosenModel, maxTokens: number): ModelWishes => {
  const consents = new Map<string, boolean>()

  const consent = Effect.fnUntraced(function* (request: ModelRequest, source: string) {
    const model = chosen.model === "" ? chosen.service.provider : chosen.model
    yield* asking.show(`${source} wants the model ${model} to answer (at most ${request.maxTokens} tokens):`)
    yield* Effect.forEach(linesOf(request), (line) => asking.show(`  ${oneLine(line, shownCharacters)}`), {
      discard: true
    })
    const isAllowed = yield* asking.confirm(`Allow ${source} to use the model in this conversation?`, false)
    if (isAllowed !== undefined) consents.set(source, isAllowed)
    return isAllowed === true
  })

  return {
    answer: Effect.fnUntraced(function* (request, source) {
      const wanted = { ...request, model: chosen.model, maxTokens: Math.min(request.maxTokens ?? maxTokens, maxTokens) }
      const isAllowed = yield* asking.inTurn(
        Effect.suspend(() => {
          const known = consents.get(source)
          return known === undefined ? consent(wanted, source) : Effect.succeed(known)
        })
      )
      return isAllowed ? yield* chosen.service.generate(wanted) : undefined
    })
  }
}
