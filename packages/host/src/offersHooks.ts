/**
 * Shows the model what servers have beside tools, where the configuration wants that: the text goes to the end of the
 * system prompt of every step.
 */
import { describingTools, joinHooks, noHooks, renderOffersContext, type TurnHooks } from "@signalbox/conversation"
import { localCall } from "@signalbox/model"
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import { Effect, Fiber, type Scope } from "effect"
import { makeAvailableResources } from "./AvailableResources.ts"
import type { HostOptions } from "./config/HostOptions.ts"

const showingOffers = Effect.fnUntraced(function* (
  { conversation }: HostOptions,
  { prompts, resources, settled }: ServerOrchestrator["Service"]
) {
  const { include, listPrompts, maxCharacters, maxTokens, retryInterval, timeout } = conversation.resources
  // A server that does not come up in time hides only what it has itself, until the next look.
  const started = yield* Effect.forkScoped(Effect.timeoutOption(settled, timeout))
  const available = yield* makeAvailableResources(
    {
      list: Effect.andThen(
        Fiber.await(started),
        Effect.timeoutOrElse(resources.list, { duration: timeout, orElse: () => Effect.succeed([]) })
      ),
      read: (address) => resources.read(address, localCall())
    },
    { include: include === "none" ? [] : include, maxCharacters, retryInterval, timeout }
  )
  const listed = listPrompts ? Effect.andThen(Fiber.await(started), prompts.list) : Effect.succeed([])
  return {
    beforeModel: (request) =>
      Effect.map(Effect.all({ resources: available.included, prompts: listed }, { concurrency: 2 }), (offers) => {
        const text = renderOffersContext({ ...offers, maxTokens })
        return text === "" ? request : { ...request, system: [...request.system, { type: "text" as const, text }] }
      })
  } satisfies TurnHooks
})

/** The hooks that the configuration asks for. Resources are read in the background until the scope closes. */
export const configuredHooks = (
  options: HostOptions,
  orchestrator: ServerOrchestrator["Service"]
): Effect.Effect<TurnHooks, never, Scope.Scope> => {
  const { describeTools, resources } = options.conversation
  const tools = describeTools ? describingTools : noHooks
  if (resources.include === "none" && !resources.listPrompts) return Effect.succeed(tools)
  return Effect.map(showingOffers(options, orchestrator), (offers) => joinHooks([tools, offers]))
}
