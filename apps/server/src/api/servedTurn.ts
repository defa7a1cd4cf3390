/**
 * A request as a turn: the caller's tools and the host's in one toolbox, the caller's history, one loop.
 */
import { type CallPattern, Journal, runTurn } from "@signalbox/conversation"
import { CorrelationId } from "@signalbox/errors"
import { type Host, turnLimits } from "@signalbox/host"
import {
  callerToolbox,
  emptyToolbox,
  inventoryOf,
  isSafeToRepeat,
  joinToolboxes,
  type LanguageModel,
  type NamingPolicy,
  Principal,
  qualifiedNames,
  type RunBy,
  type ServedApprovals,
  type ServedEvent,
  type ServedRequest,
  type Toolbox,
  type ToolDefinition,
  updateStreamContext
} from "@signalbox/model"
import { Context, Effect, Stream } from "effect"
import type { Client } from "../clients/Client.ts"
import { approving, askingAsWished, callingFirst, servedApprovals, tellingUnknown } from "./approvals.ts"
import { toolsOfBrought } from "./broughtServers.ts"
import { comingAgain } from "./comingAgain.ts"
import type { DialectRequest } from "./Dialect.ts"
import type { HostCalls } from "./HostCalls.ts"
import type { RequestTools } from "./hostTools.ts"
import type { WaitingCalls } from "./WaitingCalls.ts"
import { turnInputs } from "./turnInputs.ts"

/**
 * The tools of one request under one naming rule. The caller's keep their names; ours give way. A caller who wants
 * any tool to be called waits for a call that it can answer: ours would take its place.
 */
const toolboxFor = (
  { request }: Pick<ServedRequest, "request">,
  hosts: Toolbox["Service"],
  naming: NamingPolicy
): Toolbox["Service"] => {
  const { toolChoice, tools } = request
  const providers: Toolbox["Service"] = {
    ...emptyToolbox,
    list: Effect.succeed(tools.filter((tool) => tool.runBy._tag === "Provider"))
  }
  const own = tools.filter((tool) => tool.runBy._tag === "Caller")
  const ours = toolChoice?.type === "any" && own.length > 0 ? emptyToolbox : hosts
  return joinToolboxes([callerToolbox(own), providers, ours], naming)
}

/** For whom a turn runs, and with what of the host. */
export interface TurnFor {
  readonly host: Host["Service"]
  readonly client: Client
  readonly model: LanguageModel["Service"]
  /** What the request may use beside its own tools. */
  readonly requestTools: RequestTools
  readonly requestId: string
  readonly hostCalls: HostCalls
  readonly approval: {
    readonly waitingCalls: WaitingCalls
    /** The calls that the request approves by itself. */
    readonly approvedBeforehand: ReadonlyArray<CallPattern>
    /** That which answers, without the prefix of its id. */
    readonly responseId: string
    readonly showsApprovals: boolean
  }
}

export interface StartedTurn {
  readonly inputs: Stream.Stream<ServedEvent, unknown>
  readonly runBy: (toolName: string) => RunBy
  readonly approvals: ServedApprovals
  /** Whether a tool of the host has been run that must not be run again by asking again. */
  readonly hasActed: () => boolean
}

/** What there is, by every name that a call may use. */
const byName = (tools: ReadonlyArray<ToolDefinition>): ReadonlyMap<string, ToolDefinition> =>
  new Map([
    ...tools.flatMap((tool) => qualifiedNames(tool).map((name) => [name, tool] as const)),
    // A name that is listed wins, as it does in the loop.
    ...tools.map((tool) => [tool.name, tool] as const)
  ])

/**
 * Starts nothing yet: the stream runs the turn when it is read, once it makes sense to ask the model, and
 * stops it when the reading stops.
 */
export const servedTurn = Effect.fnUntraced(function* (
  served: Pick<DialectRequest, "request" | "approvals" | "servers">,
  { approval, client, host, hostCalls, model, requestId, requestTools }: TurnFor
) {
  const { conversation, runtime } = host.config.options
  let known: ReadonlyMap<string, ToolDefinition> = new Map()
  let all: ReadonlyArray<ToolDefinition> = []
  let hasActed = false
  const toolboxWith = (brought: ReadonlyArray<Toolbox["Service"]>): Toolbox["Service"] => {
    const ours =
      brought.length === 0 ? requestTools.tools : joinToolboxes([requestTools.tools, ...brought], runtime.naming)
    const joined = toolboxFor(served, ours, runtime.naming)
    return {
      ...joined,
      // What the loop of this turn knows is what its events are about, even when a server comes or goes.
      inventory: Effect.map(inventoryOf(joined), (now) => {
        if (now.all !== all) known = byName(now.all)
        all = now.all
        return now
      })
    }
  }
  const owner = { principal: client.name, conversationId: requestId }
  const { messages, tools: _tools, ...request } = served.request
  const keep = hostCalls.watch(client.name)
  const taken = approval.waitingCalls.take(client.name, served.approvals ?? [])
  const gate = askingAsWished(host.approvals.served, served.servers ?? [])
  const correlationId = yield* CorrelationId
  const run = (toolbox: Toolbox["Service"]) =>
    runTurn({
      messages: tellingUnknown(hostCalls.restore(client.name, messages), taken),
      toolbox,
      model: comingAgain(callingFirst(model, taken.calls)),
      limits: turnLimits(conversation, host.models.budget),
      journal: Journal.none,
      hooks: host.hooks,
      context: host.servedContext,
      approval: gate,
      request: client.apiKey === undefined ? request : { ...request, apiKey: client.apiKey },
      call: {
        ...owner,
        correlationId,
        deadline: undefined,
        interaction: approving(taken, approval.approvedBeforehand, approval.showsApprovals)
      },
      turnId: requestId
    }).pipe(
      // The next request is a conversation of its own.
      Stream.ensuring(host.orchestrator.endConversation(owner)),
      Stream.tap((event) =>
        Effect.sync(() => {
          keep(event)
          if (event.type === "tool_end" && event.outcome.status === "awaiting_approval")
            approval.waitingCalls.add(client.name, approval.responseId, event.outcome.call)
          if (event.type === "tool_start" && event.tool !== undefined && !isSafeToRepeat(event.tool)) hasActed = true
        })
      )
    )
  // Within the stream, so that a server that takes its time is no silence, and is given up with the reading.
  const connected = Effect.map(toolsOfBrought(host, client, requestTools.brought), toolboxWith)
  const events = Stream.unwrap(Effect.map(Effect.andThen(host.usable, connected), run))
  // A name that nobody has is answered by the host, with an error.
  const runBy = (name: string): RunBy => known.get(name)?.runBy ?? { _tag: "Host", source: "signalbox" }
  return {
    inputs: turnInputs(events, approval).pipe(updateStreamContext(Context.add(Principal, client.name))),
    runBy,
    approvals: servedApprovals(taken, gate, (name) => known.get(name)),
    hasActed: () => hasActed
  } satisfies StartedTurn
})
