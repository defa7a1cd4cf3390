/**
 * Commands in the background: started by one call, looked at and stopped by later ones of the same conversation, and
 * ended with the scope of the tools at the latest.
 */
import type { CallContext } from "@signalbox/model"
import { Effect, Exit, Ref, Scope } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { CommandNotStarted, EntryNotFound, type SandboxUnavailable } from "../errors.ts"
import { type CommandEnd, type CommandPlace, type RunningCommand, startCommand } from "./runCommand.ts"

/** One command in the background. */
export interface Job {
  readonly id: string
  readonly script: string
  readonly command: RunningCommand
  /** Nothing as long as it runs. */
  readonly end: Effect.Effect<CommandEnd | undefined>
}

interface Entry extends Job {
  readonly owner: string
  readonly scope: Scope.Closeable
  readonly state: Ref.Ref<CommandEnd | undefined>
}

/** Starts, finds and stops jobs. */
export interface Jobs {
  readonly start: (
    script: string,
    input: string | undefined,
    context: CallContext
  ) => Effect.Effect<Job, CommandNotStarted | SandboxUnavailable>
  readonly find: (id: string, context: CallContext) => Effect.Effect<Job, EntryNotFound>
  /** Ends it, with all that it started. */
  readonly stop: (id: string, context: CallContext) => Effect.Effect<Job, EntryNotFound>
}

const ownerOf = ({ conversationId, principal }: CallContext): string => JSON.stringify([principal, conversationId])
const stopped: CommandEnd = { exitCode: undefined, signal: "SIGTERM" }

/** No job yet. The scope of the caller ends them all. */
export const makeJobs = Effect.fnUntraced(function* (
  place: CommandPlace
): Effect.fn.Return<Jobs, never, Scope.Scope | ChildProcessSpawner.ChildProcessSpawner> {
  const { options } = place
  const outer = yield* Scope.Scope
  const services = yield* Effect.context<ChildProcessSpawner.ChildProcessSpawner>()
  const jobs = new Map<string, Entry>()
  let count = 0

  /** Room for another one: of those that have ended, the oldest is forgotten. */
  const makeRoom = Effect.fnUntraced(function* () {
    if (jobs.size < options.maxJobs) return true
    for (const [id, { state }] of jobs) {
      if ((yield* Ref.get(state)) === undefined) continue
      jobs.delete(id)
      return true
    }
    return false
  })

  const start = Effect.fnUntraced(function* (script: string, input: string | undefined, context: CallContext) {
    if (!(yield* makeRoom()))
      return yield* new CommandNotStarted({
        reason: `${options.maxJobs} commands run in the background already`,
        hint: "Stop one of them, or wait until one has ended."
      })
    const scope = yield* Scope.fork(outer)
    const command = yield* startCommand(place, script, input).pipe(
      Scope.provide(scope),
      Effect.provideContext(services),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    const state = yield* Ref.make<CommandEnd | undefined>(undefined)
    const id = String(++count)
    const entry: Entry = { id, script, command, owner: ownerOf(context), scope, state, end: Ref.get(state) }
    jobs.set(id, entry)
    yield* command.ended.pipe(
      Effect.flatMap((end) => Ref.set(state, end)),
      // What it left behind ends with it. In a fiber of the outer scope: a scope cannot wait for its own end.
      Effect.andThen(Scope.close(scope, Exit.void)),
      Effect.forkIn(outer)
    )
    return entry
  })

  const find = (id: string, context: CallContext) =>
    Effect.suspend(() => {
      const entry = jobs.get(id)
      return entry !== undefined && entry.owner === ownerOf(context)
        ? Effect.succeed(entry)
        : Effect.fail(new EntryNotFound({ id, list: "command in the background" }))
    })

  return {
    start: (script, input, context) => Effect.uninterruptible(start(script, input, context)),
    find,
    stop: (id, context) =>
      Effect.flatMap(find(id, context), (entry) =>
        Scope.close(entry.scope, Exit.void).pipe(
          Effect.andThen(Ref.update(entry.state, (end) => end ?? stopped)),
          Effect.as(entry)
        )
      )
  }
})
