/**
 * A Messages request as a turn: the caller's tools and the host's in one toolbox, the caller's history, one loop.
 */
import { Journal, runTurn } from "@signalbox/conversation"
import { CorrelationId } from "@signalbox/errors"
import type { Host } from "@signalbox/host"
import {
  callerToolbox,
  emptyToolbox,
  Interaction,
  inventoryOf,
  isSafeToRepeat,
  joinToolboxes,
  qualifiedNames,
  type RunBy,
  type ServedEvent,
  type ServedRequest,
  type Toolbox,
  type ToolDefinition
} from "@signalbox/model"
import { Effect, Stream } from "effect"
import { turnInputs } from "./turnInputs.ts"

/**
 * The tools of one request under one naming rule. The caller's keep their names; ours give way. A caller who wants
 * any tool to be called waits for a call that it can answer: ours would take its place.
 */
const toolboxFor = (served: ServedRequest, host: Host["Service"]): Toolbox["Service"] => {
  const { toolChoice, tools } = served.request
  const providers: Toolbox["Service"] = {
    ...emptyToolbox,
    list: Effect.succeed(tools.filter((tool) => tool.runBy._tag === "Provider"))
  }
  const own = tools.filter((tool) => tool.runBy._tag === "Caller")
  const hosts = toolChoice?.type === "any" && own.length > 0 ? emptyToolbox : host.toolbox
  return joinToolboxes([callerToolbox(own), providers, hosts], host.config.options.runtime.naming)
}

/** Claude is asked for the model that the client named; other providers would not know that name. */
const modelName = (served: ServedRequest, host: Host["Service"]): string => {
  if (host.config.options.model.name !== "") return host.config.options.model.name
  return host.model.service.provider === "claude" ? served.model : host.model.model
}

export interface StartedTurn {
  readonly inputs: Stream.Stream<ServedEvent, unknown>
  readonly runBy: (toolName: string) => RunBy
  /** Whether a tool of the host has been run that must not be run again by asking again. */
  readonly hasActed: () => boolean
}

/** Who runs what, by every name that a call may use. */
const sourcesOf = (tools: ReadonlyArray<ToolDefinition>): ReadonlyMap<string, RunBy> =>
  new Map([
    ...tools.flatMap((tool) => qualifiedNames(tool).map((name) => [name, tool.runBy] as const)),
    // A name that is listed wins, as it does in the loop.
    ...tools.map(({ name, runBy }) => [name, runBy] as const)
  ])

/**
 * Starts nothing yet: the stream runs the turn when it is read, once it makes sense to ask the model, and
 * stops it when the reading stops.
 */
export const servedTurn = Effect.fnUntraced(function* (
  served: ServedRequest,
  host: Host["Service"],
  requestId: string
) {
  const joined = toolboxFor(served, host)
  let known: ReadonlyMap<string, RunBy> = new Map()
  let all: ReadonlyArray<ToolDefinition> = []
  let hasActed = false
  const toolbox: Toolbox["Service"] = {
    ...joined,
    // What the loop of this turn knows is what its events are about, even when a server comes or goes.
    inventory: Effect.map(inventoryOf(joined), (now) => {
      if (now.all !== all) known = sourcesOf(now.all)
      all = now.all
      return now
    })
  }
  const { maxHops, toolConcurrency, toolTimeout } = host.config.options.conversation
  const { messages, tools: _tools, ...request } = served.request
  const events = runTurn({
    messages,
    toolbox,
    model: host.model.service,
    limits: { maxHops, toolConcurrency, toolTimeout },
    journal: Journal.none,
    hooks: host.hooks,
    request: { ...request, model: modelName(served, host) },
    call: {
      principal: "local",
      conversationId: requestId,
      correlationId: yield* CorrelationId,
      deadline: undefined,
      interaction: Interaction.decline
    },
    turnId: requestId
  }).pipe(
    // The next request is a conversation of its own.
    Stream.ensuring(host.orchestrator.endConversation({ principal: "local", conversationId: requestId })),
    Stream.tap((event) =>
      Effect.sync(() => {
        if (event.type === "tool_start" && event.tool !== undefined && !isSafeToRepeat(event.tool)) hasActed = true
      })
    )
  )
  // A name that nobody has is answered by the host, with an error.
  const runBy = (name: string): RunBy => known.get(name) ?? { _tag: "Host", source: "signalbox" }
  return {
    inputs: turnInputs(Stream.unwrap(Effect.as(host.usable, events))),
    runBy,
    hasActed: () => hasActed
  } satisfies StartedTurn
})
