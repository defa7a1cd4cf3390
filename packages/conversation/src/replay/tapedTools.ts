/**
 * Calls of tools of the program itself on their way into a cassette and out of one. Task is none of them: what it does is
 * made of model requests and other calls, which are recorded themselves.
 */
import { type ErrorStatus, statuses, statusOf, toJson } from "@signalbox/errors"
import {
  type CallContext,
  type JsonObject,
  type Toolbox,
  textResult,
  ToolDefinition,
  ToolResult
} from "@signalbox/model"
import { Cause, Effect, Exit, Result, Schema } from "effect"
import { asHere, outsideTurn } from "../turnSurroundings.ts"
import { entriesOf } from "./Cassette.ts"
import { RecordedFailure } from "./errors.ts"
import type { Player } from "./Player.ts"
import type { Recorder } from "./Recorder.ts"
import { IsWithinAnswer } from "./within.ts"

type ToolboxShape = Toolbox["Service"]

/** Runs its work through other recorded seams. */
const isMadeOfOthers = (name: string): boolean => name === "Task"

/** Under which name a cassette has the tools that were there. */
const toolsNote = "tools"

const encodeResult = Schema.encodeEffect(ToolResult)
const decodeResult = Schema.decodeUnknownEffect(ToolResult)

const Failure = Schema.Struct({
  error_code: Schema.String,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  exit: Schema.Int
})
const decodeFailure = Schema.decodeUnknownEffect(Failure)

/** A toolbox whose calls are recorded. */
export const recordedTools =
  (recorder: Recorder) =>
  (toolbox: ToolboxShape): ToolboxShape => ({
    ...toolbox,
    list: Effect.tap(toolbox.list, (tools) =>
      Effect.sync(() => recorder.noteOnce({ type: "note", name: toolsNote, value: tools }))
    ),
    call: (name, input, context) =>
      Effect.gen(function* () {
        if (isMadeOfOthers(name) || (yield* IsWithinAnswer)) return yield* toolbox.call(name, input, context)
        const asked: Array<{ readonly input: JsonObject; readonly reason: string }> = []
        const { interaction } = context
        // Who is asked, and when, belongs to the turn; what the tool does by itself is not done again.
        const inTurn = yield* asHere
        const watched: CallContext = {
          ...context,
          interaction: {
            ...interaction,
            approve: (request) => {
              asked.push({ input: request.input, reason: request.reason })
              return inTurn(interaction.approve(request))
            },
            elicit: (request, asker) => inTurn(interaction.elicit(request, asker)),
            sample: (request, asker) => inTurn(interaction.sample(request, asker))
          }
        }
        const note = (outcome: { readonly result: unknown } | { readonly error: unknown }) =>
          recorder.note({ type: "tool", turn: recorder.turn(), name, input, asked, ...outcome })
        return yield* outsideTurn(toolbox.call(name, input, watched)).pipe(
          Effect.tap((result) =>
            Effect.map(Effect.orDie(encodeResult(result)), (encoded) => note({ result: encoded }))
          ),
          Effect.onExit((exit) =>
            Effect.sync(() => {
              if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return
              const error = Cause.squash(exit.cause)
              note({ error: { ...toJson(error), exit: statusOf(error).exit } })
            })
          )
        )
      })
  })

/** The failure that was recorded, with its code and its row of the table. */
const failureOf = ({ error_code, exit, hint, message }: typeof Failure.Type): RecordedFailure => {
  const status: ErrorStatus = Object.values(statuses).find((row) => row.exit === exit) ?? statuses.internal
  const failure = new RecordedFailure({ text: message, hint })
  Object.defineProperties(failure, { code: { value: error_code }, status: { value: status } })
  return failure
}

const notRecorded = (name: string) =>
  textResult(`The recording has no call of ${name} with these arguments, and tools are not run here.`, true)

/** The tools that were there when it was recorded. */
const recordedList = (player: Player): ReadonlyArray<ToolDefinition> => {
  const note = entriesOf(player.cassette, "note").find(({ name }) => name === toolsNote)
  return Result.getOrElse(Schema.decodeUnknownResult(Schema.Array(ToolDefinition))(note?.value ?? []), () => [])
}

/**
 * A toolbox that answers from a cassette; once tools have gone live, the real one is asked. Where that has no tools, because
 * their folders are not on this machine, those that were recorded are listed.
 */
export const playedTools =
  (player: Player) =>
  (toolbox: ToolboxShape): ToolboxShape => {
    const recorded = recordedList(player)
    const list = Effect.map(toolbox.list, (tools) => (tools.length === 0 ? recorded : tools))
    return {
      ...toolbox,
      list,
      call: (name, input, context) =>
        Effect.gen(function* () {
          if (isMadeOfOthers(name) || player.areToolsLive()) return yield* toolbox.call(name, input, context)
          const entry = yield* player.tool(name, input)
          if (entry === undefined) return notRecorded(name)
          const tool = (yield* list).find((known) => known.name === name)
          for (const question of entry.asked) {
            // It was the input of a call.
            const asked = { input: question.input as JsonObject, reason: question.reason }
            if (tool !== undefined) yield* context.interaction.approve({ tool, ...asked })
          }
          if (entry.error !== undefined) return yield* failureOf(yield* Effect.orDie(decodeFailure(entry.error)))
          return yield* Effect.orDie(decodeResult(entry.result))
        })
    }
  }
