/**
 * Signalbox for programs without Effect: Promises in, `Outcome` out. Nothing rejects but `createClient` itself,
 * whose configuration may be wrong.
 */
import { type Outcome, toOutcome, withCorrelationId } from "@signalbox/errors"
import type { TurnResult } from "@signalbox/conversation"
import {
  type ApprovalDecision,
  type CallContext,
  Interaction,
  type JsonObject,
  sourceOf,
  type Toolbox,
  type ToolDefinition,
  type ToolResult
} from "@signalbox/model"
import type { ServerInfo } from "@signalbox/orchestrator"
import { Effect, Layer, ManagedRuntime } from "effect"
import { calledByHand } from "../approvals/calledByHand.ts"
import { loadConfig } from "../config/ConfigFile.ts"
import { ClientClosed, successOf } from "../errors.ts"
import { Host } from "../Host.ts"
import { nodeEnvironment } from "./nodeEnvironment.ts"
import { nodeHost, nodePlatform } from "./platform.ts"

/** Which configuration a client runs. */
export interface ClientOptions {
  /** The configuration file; `signalbox.yaml` in the working directory when it is left out. */
  readonly config?: string
  /** An agent of the configuration to work with, instead of all servers: only it is started. */
  readonly agent?: string
  /** Overrides by dotted path: `{ "model.provider": "offline" }`. An API key may be `Redacted`. */
  readonly overrides?: Readonly<Record<string, unknown>>
  /**
   * Says whether a call may run which the configuration (`conversation.approval`) asks about, or a built-in tool by itself.
   * Without it no such call does. What is denied is never asked about.
   */
  readonly approve?: (call: ToolCallQuestion) => boolean | Promise<boolean>
}

/** A call of a tool that somebody has to allow. */
export interface ToolCallQuestion {
  readonly server: string
  readonly tool: string
  readonly input: JsonObject
  /** A clause: why it is asked. */
  readonly reason: string
}

/** A running host. Close it, or hold it with `await using`, or its servers stay. */
export interface Client extends AsyncDisposable {
  /** One question, one answer. */
  readonly ask: (question: string, options?: { readonly signal?: AbortSignal }) => Promise<Outcome<TurnResult>>
  /** Calls one tool by the name that `tools` gives it. */
  readonly callTool: (
    name: string,
    input: JsonObject,
    options?: { readonly signal?: AbortSignal }
  ) => Promise<Outcome<ToolResult>>
  readonly tools: () => Promise<ReadonlyArray<ToolDefinition>>
  readonly servers: () => Promise<ReadonlyArray<ServerInfo>>
  readonly close: () => Promise<void>
}

/**
 * Starts a host in this process and waits until it can be asked. Rejects with `ConfigInvalid` and its like, or with
 * the reason why the agent cannot be used.
 */
export const createClient = async (options: ClientOptions = {}): Promise<Client> => {
  const flags = Object.entries(options.overrides ?? {}).map(([path, value]) => ({
    path: path.split("."),
    value,
    flag: "overrides"
  }))
  const directory = process.cwd()
  const { dotEnvNames, variables: environment } = nodeEnvironment(directory)
  const config = await Effect.runPromise(
    loadConfig({
      file: options.config,
      directory,
      environment,
      dotEnvNames,
      flags,
      whenMissing: "fail"
    }).pipe(Effect.provide(nodePlatform))
  )
  const { agent } = options
  const interaction = interactionOf(options)
  const runtime = ManagedRuntime.make(
    nodeHost(config, { startsAll: agent === undefined, environment }).pipe(Layer.provide(nodePlatform))
  )
  let isClosed = false
  const run = <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal): Promise<Outcome<A>> => {
    const work = toOutcome<A, unknown, never>(isClosed ? new ClientClosed({}) : untilAborted(effect, signal))
    return Effect.runPromise(work.pipe(withCorrelationId()))
  }
  const close = () => {
    isClosed = true
    return runtime.dispose()
  }
  const chosen = Effect.gen(function* () {
    const host = yield* Host
    const used = agent === undefined ? host : yield* host.agents.add(agent)
    yield* used.usable
    return { used, context: calledByHand(host.approvals, { interaction }) }
  })
  const { context, used } = await runtime
    .runPromise(chosen)
    .catch((error: unknown) => close().then(() => Promise.reject(error)))
  return {
    ask: (question, { signal } = {}) => run(used.conversations.ask(question, { interaction }), signal),
    callTool: (name, input, { signal } = {}) => run(callTool(used.toolbox, name, input, context), signal),
    tools: () => Effect.runPromise(used.toolbox.list),
    servers: () => Effect.runPromise(used.orchestrator.servers),
    close,
    [Symbol.asyncDispose]: close
  }
}

/** What goes wrong in the program's own function is a no, told as what it is. */
const interactionOf = ({ approve }: ClientOptions): Interaction => {
  if (approve === undefined) return Interaction.decline
  return {
    ...Interaction.decline,
    approve: ({ input, reason, tool }) =>
      Effect.tryPromise(async () =>
        approve({ server: sourceOf(tool.runBy) ?? "", tool: tool.originalName, input, reason })
      ).pipe(
        Effect.map((isApproved): ApprovalDecision =>
          isApproved ? { isApproved, remember: "once" } : { isApproved: false, because: "refused", reason: "" }
        ),
        Effect.catch((error) =>
          Effect.succeed<ApprovalDecision>({ isApproved: false, because: "refused", reason: String(error.cause) })
        )
      )
  }
}

/** A result with `isError` is a value for a model; a program wants to see it as what it is. */
const callTool = (toolbox: Toolbox["Service"], name: string, input: JsonObject, context: CallContext) =>
  Effect.flatMap(toolbox.call(name, input, context), (result) => successOf(name, result))

/** Ends an effect as interrupted when the signal fires, so that its outcome can still be told. */
const untilAborted = <A, E, R>(effect: Effect.Effect<A, E, R>, signal: AbortSignal | undefined) => {
  if (signal === undefined) return effect
  const aborted = Effect.callback<never>((resume) => {
    const onAbort = () => resume(Effect.interrupt)
    if (signal.aborted) return onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", onAbort))
  })
  return Effect.raceFirst(effect, aborted)
}
