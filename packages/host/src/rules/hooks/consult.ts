/**
 * One hook and one question: what it answers, or that it says no. A hook that fails is passed over with a warning, or it
 * says no, as the configuration wants it.
 */
import { HookFailed, HookRefused, type HookError } from "@signalbox/conversation"
import { Effect, type FileSystem, type Path, Schema } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { countRun } from "./hookMetrics.ts"
import { type HookAnswer, hookAnswers, type HookInput } from "./HookProtocol.ts"
import type { HookSeam } from "./HookSeam.ts"
import type { ResolvedHook } from "./resolveHooks.ts"
import { type HookEnd, type HookTrouble, runHook } from "./runHook.ts"

/** What hooks need to be run. */
export type HookRequirements = ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path

/** The status by which a hook says no without a word of JSON. */
const refusingStatus = 2

const readJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

const trouble = (reason: string): HookTrouble => ({ _tag: "HookTrouble", reason })

/** The answer in what a hook wrote. */
const readAnswer = Effect.fnUntraced(function* (event: HookInput["event"], stdout: string) {
  const text = stdout.trim()
  const value = yield* Effect.mapError(readJson(text === "" ? "{}" : text), () => trouble("its answer is no JSON"))
  const schema: (typeof hookAnswers)[HookInput["event"]] = hookAnswers[event]
  return yield* Schema.decodeUnknownEffect(schema)(value, { onExcessProperty: "error" }).pipe(
    Effect.mapError((error) => trouble(`its answer is none to ${event}: ${error.message}`))
  )
})

const firstOf = (text: string): string => (text === "" ? "" : `: ${text}`)

/** What it means that it ended so. */
const answerOf = Effect.fnUntraced(function* (
  name: string,
  event: HookInput["event"],
  { exitCode, stderr, stdout }: HookEnd
) {
  if (exitCode === refusingStatus)
    return yield* new HookRefused({ hook: name, reason: stderr === "" ? "it gave no reason" : stderr })
  if (exitCode !== 0) return yield* Effect.fail(trouble(`it ended with status ${exitCode}${firstOf(stderr)}`))
  const answer = yield* readAnswer(event, stdout)
  if ("decision" in answer && answer.decision === "refuse")
    return yield* new HookRefused({ hook: name, reason: answer.reason ?? "it gave no reason" })
  return answer
})

/** Asks it. Nothing where it failed and others go on without it. */
export const consult = <Event extends HookInput["event"]>(
  { entry, name, program }: ResolvedHook,
  event: Event,
  input: Extract<HookInput, { readonly event: Event }>,
  environment: Readonly<Record<string, string | undefined>>,
  seam: HookSeam
): Effect.Effect<HookAnswer<Event> | undefined, HookError, HookRequirements> =>
  countRun(
    event,
    seam({ hook: name, input }, runHook(program, `${JSON.stringify(input)}\n`, environment)).pipe(
      Effect.tap(({ exitCode, stderr }) => Effect.logDebug("A hook has answered", { hook: name, exitCode, stderr })),
      Effect.flatMap((end) => answerOf(name, event, end))
    )
  ).pipe(
    // It was read by the schema of this event.
    Effect.map((answer) => answer as HookAnswer<Event>),
    Effect.catchTag("HookTrouble", ({ reason }) =>
      entry.whenItFails === "block"
        ? Effect.fail(new HookFailed({ hook: name, reason }))
        : Effect.as(Effect.logWarning(`The hook ${name} did not answer, and is passed over: ${reason}`), undefined)
    ),
    Effect.withSpan("hook.run", { attributes: { hook: name, event } })
  )
