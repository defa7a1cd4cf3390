/**
 * The person at the terminal, as those see them who ask back during a call.
 */
import type { Questions } from "@signalbox/mcp"
import { Interaction } from "@signalbox/model"
import { Effect } from "effect"
import { Output } from "../../Output.ts"
import { Setting } from "../../Setting.ts"
import type { RunningHost } from "../../withHost.ts"
import { Signals } from "../../process/Signals.ts"
import { type FileDiffs, noFileDiffs } from "../FileDiffs.ts"
import { askApproval } from "./askApproval.ts"
import { type Asking, makeAsking } from "./Asking.ts"
import { askForm } from "./askForm.ts"
import { makeModelWishes } from "./askModel.ts"
import { askPage } from "./askPage.ts"

/** What is declared to servers where somebody sits at the terminal. */
export const terminalQuestions: Questions = { elicitation: ["form", "url"], sampling: true, roots: undefined }

/** Whether there is somebody to ask: input and questions on a terminal, and no program that reads the answers. */
export const isSomebodyThere = Effect.map(
  Effect.all([Setting, Output]),
  ([{ isTerminal }, { isJson }]) => isTerminal.stdin && isTerminal.stderr && !isJson
)

/** The person at the terminal, for calls that are made by hand: asked for leave and for nothing else. Else nobody. */
export const personAtTerminal = Effect.gen(function* () {
  if (!(yield* isSomebodyThere)) return Interaction.decline
  const asking = yield* makeAsking
  return { ...Interaction.decline, approve: approveWith(asking, Effect.interrupt, noFileDiffs) }
})

/** Whoever leaves the question stops what it is about; no other question comes up meanwhile. */
const approveWith =
  (asking: Asking, stop: Effect.Effect<never>, diffs: FileDiffs): Interaction["approve"] =>
  (request) =>
    asking.inTurn(
      Effect.flatMap(askApproval(asking, request, diffs), (decision) =>
        decision === undefined ? stop : Effect.succeed(decision)
      )
    )

/** Answers for one conversation; `model` is that which it talks to. */
export const terminalInteraction = Effect.fnUntraced(function* (
  { config }: RunningHost,
  model: RunningHost["model"],
  diffs: FileDiffs
) {
  const asking = yield* makeAsking
  const signals = yield* Signals
  const wishes = makeModelWishes(asking, model, config.options.model.maxTokens)
  return {
    ...Interaction.decline,
    approve: approveWith(asking, Effect.andThen(signals.interrupt, Effect.never), diffs),
    elicit: (request, { source }) =>
      asking.inTurn(request.mode === "form" ? askForm(asking, source, request) : askPage(asking, source, request)),
    sample: (request, { source }) => wishes.answer(request, source)
  } satisfies Interaction
})
