/**
 * The built-in tools of a running host. They follow a configuration that changes: calls that run finish with the tools that
 * they were made to, and commands in the background end with them.
 */
import { emptyToolbox, type Toolbox } from "@signalbox/model"
import type { BuiltInNumbers, BuiltInRequirements, ToolRootMissing } from "@signalbox/tools"
import { Context, Effect, Equal, Exit, Layer, Metric, Scope } from "effect"
import type { HttpClient } from "effect/http"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { ConfigInvalid } from "../errors.ts"
import { noSeams } from "../HostSeams.ts"
import type { HostSetup } from "../HostSetup.ts"
import { makeBuiltIns } from "./makeBuiltIns.ts"

/** Why there are no built-in tools of a configuration. */
export type BuiltInsError = ToolRootMissing | ConfigInvalid

/** The tools of another configuration, which are made and not yet in force. */
export interface BuiltInsPlan {
  readonly isChanged: boolean
  /** Calls from now on go to them. */
  readonly apply: Effect.Effect<void>
  /** They will not be used. */
  readonly discard: Effect.Effect<void>
}

/** The built-in tools that are switched on. */
export class BuiltIns extends Context.Service<
  BuiltIns,
  {
    readonly toolbox: Toolbox["Service"]
    /** What was counted of their calls, by the names of tools. */
    readonly numbers: Effect.Effect<Readonly<Record<string, BuiltInNumbers>>>
    /** Makes the tools of a changed configuration. */
    readonly plan: (next: LoadedConfig) => Effect.Effect<BuiltInsPlan, BuiltInsError>
  }
>()("@signalbox/host/BuiltIns") {
  static readonly layer = (
    setup: HostSetup
  ): Layer.Layer<BuiltIns, BuiltInsError, BuiltInRequirements | HttpClient.HttpClient> =>
    Layer.effect(BuiltIns, makeService(setup))
}

/** Tools as they were made once, and the calls that still run with them. */
interface Generation {
  readonly toolbox: Toolbox["Service"]
  readonly scope: Scope.Closeable
  calls: number
  isOver: boolean
}

const makeService = Effect.fnUntraced(function* (setup: HostSetup) {
  const { config } = setup
  const surroundings = yield* Effect.context<BuiltInRequirements | HttpClient.HttpClient>()
  const registry = yield* Metric.MetricRegistry
  const parent = yield* Effect.scope

  const make = Effect.fnUntraced(function* (of: LoadedConfig) {
    const scope = yield* Scope.fork(parent)
    const toolbox =
      of.options.tools.enabled.length === 0 || setup.onlyServer !== undefined
        ? emptyToolbox
        : yield* makeBuiltIns(setup, of).pipe(
            Effect.map((tools) => tools.toolbox),
            Scope.provide(scope),
            Effect.provideContext(surroundings),
            Effect.onError(() => Scope.close(scope, Exit.void))
          )
    return { toolbox, scope, calls: 0, isOver: false } satisfies Generation
  })

  let current: Generation = yield* make(config)
  let options = config.options.tools

  const closeUnused = (generation: Generation) =>
    generation.isOver && generation.calls === 0 ? Scope.close(generation.scope, Exit.void) : Effect.void
  const enter = Effect.sync(() => {
    current.calls += 1
    return current
  })
  const leave = (generation: Generation) =>
    Effect.suspend(() => {
      generation.calls -= 1
      return closeUnused(generation)
    })

  const { seams = noSeams } = setup
  return BuiltIns.of({
    toolbox: seams.builtIns({
      list: Effect.suspend(() => current.toolbox.list),
      call: (name, input, context) =>
        Effect.acquireUseRelease(enter, ({ toolbox }) => toolbox.call(name, input, context), leave)
    }),
    numbers: Effect.flatMap(
      Effect.promise(() => import("@signalbox/tools")),
      ({ builtInNumbers }) => builtInNumbers
    ).pipe(Effect.provideService(Metric.MetricRegistry, registry)),
    plan: Effect.fn("BuiltIns.plan")(function* (next) {
      const wanted = next.options.tools
      if (Equal.equals(wanted, options)) return { isChanged: false, apply: Effect.void, discard: Effect.void }
      const made: Generation = yield* make(next)
      return {
        isChanged: true,
        apply: Effect.suspend(() => {
          const old = current
          current = made
          options = wanted
          old.isOver = true
          return closeUnused(old)
        }),
        discard: Scope.close(made.scope, Exit.void)
      }
    })
  })
})
