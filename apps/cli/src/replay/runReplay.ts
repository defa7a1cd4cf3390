/**
 * A recorded conversation, run again and printed as a chat prints it.
 */
import type { CallPattern, ConversationSession, TurnResult } from "@signalbox/conversation"
import {
  changesOf,
  describeDifference,
  entriesOf,
  type Difference,
  playTurn,
  type RecordedChange,
  recordedConversation,
  type RecordedTurn,
  ReplayDiverged
} from "@signalbox/conversation/replay"
import { Host, joinSeams, type OtherModel } from "@signalbox/host"
import { nodeReplayHost } from "@signalbox/host/node"
import { openReplay, type OpenedReplay, recordHost, type ReplayChoice } from "@signalbox/host/replay"
import { Interaction, textOf } from "@signalbox/model"
import { toJson, withCorrelationId } from "@signalbox/errors"
import { Cause, Effect, Exit, Layer, Option, Stream } from "effect"
import { resolve } from "node:path"
import { makeApproving } from "../chat/approving.ts"
import type { Chat, ChatState } from "../chat/Chat.ts"
import { isSomebodyThere, personAtTerminal } from "../chat/questions/terminalInteraction.ts"
import { noFileDiffs } from "../chat/FileDiffs.ts"
import { runOneTurn } from "../chat/runOneTurn.ts"
import { turnJson } from "../chat/turnJson.ts"
import { InvalidUsage, ReplayDiffers } from "../errors.ts"
import { Output, renderError } from "../Output.ts"
import { counted, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { Setting } from "../Setting.ts"
import { version } from "../version.ts"
import { loggingLayer } from "../withHost.ts"

/** What `replay` was called with. */
export interface ReplayFlags {
  readonly file: string
  readonly diff: boolean
  readonly from: Option.Option<number>
  readonly provider: Option.Option<string>
  readonly model: Option.Option<string>
  readonly tools: Option.Option<"live" | "recorded">
  readonly noStream: boolean
  readonly record: Option.Option<string>
  readonly yes: boolean
  readonly approve: ReadonlyArray<CallPattern>
}

const wrong = (reason: string) => new InvalidUsage({ command: "signalbox replay", reason })

/** What goes together. */
const forkOf = Effect.fnUntraced(function* ({ diff, from, model, provider, tools }: ReplayFlags) {
  const { environment } = yield* Setting
  if (Option.isNone(from)) {
    if (Option.isSome(model) || Option.isSome(provider))
      return yield* wrong("--model and --provider say who goes on from a step: name it with --from.")
    if (Option.isSome(tools))
      return yield* wrong(
        "--tools says what tools do from a step on: name the step with --from, and a model with --model."
      )
    return undefined
  }
  const named = Option.orElse(model, () => provider)
  if (Option.isNone(named))
    return yield* wrong("--from goes on with a model: name it with --model, or its provider with --provider.")
  if (diff) return yield* wrong("--diff compares the whole conversation: leave out --from.")
  return {
    step: from.value,
    // A provider alone is its own model.
    model: named.value,
    provider: Option.getOrUndefined(provider),
    tools: Option.getOrElse(tools, () => "live" as const),
    environment
  } satisfies ReplayChoice["fork"]
})

/** One turn of a replay, as it is told. */
interface PlayedTurn {
  readonly turn: number
  readonly input: string
  readonly status: "finished" | "stopped" | "failed" | "cut"
  readonly result: TurnResult | undefined
  readonly error: unknown
  /** The last call of the model that was recorded of it. */
  readonly step: number | undefined
}

const inputOf = ({ content }: RecordedTurn): string => (typeof content === "string" ? content : textOf(content))

/** The model that was chosen then. */
const chosenFor = ({ host, talker }: Chat, name: string | undefined) =>
  name === undefined ? Effect.succeed(undefined) : host.otherModel(name, talker.model.upstream)

/** Its session answers with what was recorded. */
const playing = (opened: OpenedReplay, chat: Chat, turn: RecordedTurn, other: OtherModel | undefined): Chat => {
  const { session } = chat.state
  const send: ConversationSession["send"] = (_, { interaction } = {}) =>
    playTurn(opened.replay.player, session, turn, {
      ...(interaction === undefined ? {} : { live: interaction }),
      ...(other === undefined ? {} : { send: other.send })
    }).pipe(
      // Told below, by the race against it.
      Stream.catchTag("ReplayDiverged", () => Stream.never)
    )
  return { ...chat, state: { ...chat.state, session: { ...session, send } } }
}

const lastStepOf = ({ replay }: OpenedReplay, { turn }: RecordedTurn) =>
  entriesOf(replay.player.cassette, "step").findLast((entry) => entry.turn === turn)?.step

const cutOr = (status: "failed" | "stopped", { ending }: RecordedTurn) => (ending === undefined ? "cut" : status)

const playOne = Effect.fnUntraced(function* (opened: OpenedReplay, chat: Chat, turn: RecordedTurn, flags: ReplayFlags) {
  const output = yield* Output
  const input = inputOf(turn)
  if (!output.isJson) yield* output.status(`${output.errorStyle.cyan("you ›")} ${printable(input)}`)
  const asked = (yield* isSomebodyThere) ? yield* Effect.scoped(personAtTerminal) : Interaction.decline
  const { interaction } = makeApproving(flags, asked)
  const options = { streams: !flags.noStream, isPlain: false, interaction, isLast: false }
  const other = yield* chosenFor(chat, turn.answeredBy)
  const exit = yield* runOneTurn(playing(opened, chat, turn, other), { content: input }, options).pipe(
    Effect.raceFirst(opened.replay.player.diverged),
    withCorrelationId(turn.correlationId),
    Effect.exit
  )
  const told = { turn: turn.turn, input, step: lastStepOf(opened, turn) }
  if (Exit.isFailure(exit)) {
    const error = Cause.squash(exit.cause)
    if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
    if (error instanceof ReplayDiverged) return yield* error
    if (!output.isJson) yield* output.status(renderError(error, output.errorStyle))
    return { ...told, status: cutOr("failed", turn), result: undefined, error: toJson(error) } satisfies PlayedTurn
  }
  const result = exit.value._tag === "Finished" ? exit.value.result : undefined
  const status = result !== undefined ? "finished" : cutOr("stopped", turn)
  return { ...told, status, result, error: undefined } satisfies PlayedTurn
})

/** Chats as they were: each conversation is one. */
const chatsOf = Effect.fnUntraced(function* ({ replay, subject }: OpenedReplay) {
  const host = yield* Host
  const talker = subject.agent === null ? host : yield* host.agents.add(subject.agent)
  yield* talker.usable
  const known = new Map<string, Chat>()
  return Effect.fnUntraced(function* (id: string) {
    const before = known.get(id)
    if (before !== undefined) return before
    const session = yield* talker.conversations.start({
      ...recordedConversation(replay.player.cassette, id),
      isKept: false,
      idleTimeout: "1 day"
    })
    const state: ChatState = { session, other: undefined, attachments: [], contextTokens: undefined, ids: [id] }
    const chat: Chat = { host, talker, diffs: noFileDiffs, isKept: false, state }
    known.set(id, chat)
    return chat
  })
})

/** Does again what was done between two turns. */
const playChange = Effect.fnUntraced(function* (chat: Chat, { change }: RecordedChange) {
  const { session } = chat.state
  if (change.type === "rewind") return yield* session.rewind(change.point)
  const other = yield* chosenFor(chat, change.answeredBy)
  // It failed then as well, and that was told.
  return yield* Effect.option(session.compact({ ...other?.send }))
})

/** Where nothing is left that could happen, Node ends the process: it is told instead what was waited for. */
const stuck = Effect.callback<never, ReplayDiverged>((resume) => {
  const onIdle = () =>
    resume(
      new ReplayDiverged({
        place: "the end of what is recorded",
        reason: "it waits for what the recording does not have"
      })
    )
  process.once("beforeExit", onIdle)
  return Effect.sync(() => void process.off("beforeExit", onIdle))
})

interface Played {
  readonly turns: ReadonlyArray<PlayedTurn>
  readonly differences: ReadonlyArray<Difference>
  /** The turn after which the recording ends within what was done to the conversation. */
  readonly cutAfter?: number | undefined
}

const playAll = Effect.fnUntraced(function* (opened: OpenedReplay, flags: ReplayFlags) {
  const { player, settled } = opened.replay
  const chatOf = yield* chatsOf(opened)
  const turns: Array<PlayedTurn> = []
  const changes = changesOf(player.cassette)
  let cutAfter: number | undefined
  const changeAfter = (turn: number) =>
    Effect.forEach(
      changes.filter(({ after }) => after === turn),
      (each) =>
        Effect.gen(function* () {
          player.enterChange(each === changes.at(-1) && each.after === (opened.turns.at(-1)?.turn ?? 0))
          const chat = yield* chatOf(each.change.conversation)
          const noMore = Effect.map(player.exhausted, () => void (cutAfter = each.after))
          yield* playChange(chat, each).pipe(Effect.raceFirst(player.diverged), Effect.raceFirst(noMore))
        }),
      { discard: true }
    )
  yield* changeAfter(0)
  for (const turn of opened.turns) {
    yield* Effect.raceFirst(settled, player.diverged)
    turns.push(yield* playOne(opened, yield* chatOf(turn.conversation), turn, flags))
    yield* changeAfter(turn.turn)
  }
  const isForked = Option.isSome(flags.from)
  const left = isForked ? [] : player.leftOver()
  const [first] = left
  if (!flags.diff && first !== undefined)
    return yield* new ReplayDiverged({ place: first.place, reason: `${first.subject} is not asked for any more` })
  return { turns, differences: isForked ? [] : [...player.differences(), ...left], cutAfter } satisfies Played
})

/** How it went, below the conversation. */
const tellEnd = Effect.fnUntraced(function* ({ cutAfter, differences, turns }: Played, { diff }: ReplayFlags) {
  const { errorStyle, line, status } = yield* Output
  const cut = turns.find((turn) => turn.status === "cut")
  if (cut !== undefined) {
    const step = cut.step === undefined ? "" : `, step ${cut.step}`
    yield* status(errorStyle.yellow(`! The recording ends within turn ${cut.turn}${step}.`))
  }
  if (cutAfter !== undefined)
    yield* status(errorStyle.yellow(`! The recording ends after turn ${cutAfter}, while a summary was made.`))
  if (turns.length === 0) yield* status("Nothing was said in this recording.")
  if (!diff) return
  if (differences.length === 0) return yield* line(`No difference in ${counted(turns.length, "turn")}.`)
  for (const difference of differences) yield* line(printable(describeDifference(difference)))
})

const differencesJson = (differences: ReadonlyArray<Difference>) =>
  differences.map(({ now = null, recorded = null, ...difference }) => ({ ...difference, recorded, now }))

const shortfallOf = ({ differences: [first, ...more] }: Played): ReplayDiffers | undefined =>
  first === undefined ? undefined : new ReplayDiffers({ count: more.length + 1, first: describeDifference(first) })

const work = (flags: ReplayFlags) =>
  Effect.gen(function* () {
    const { directory } = yield* Setting
    const at = (file: string) => resolve(directory, file)
    const fork = yield* forkOf(flags)
    const mode = flags.diff ? ("lenient" as const) : ("strict" as const)
    const opened = yield* openReplay(at(flags.file), fork === undefined ? { mode } : { mode, fork })
    const { config, environment, replay, subject } = opened
    const steps = entriesOf(replay.player.cassette, "step").length
    if (fork !== undefined && fork.step > steps)
      return yield* wrong(
        `--from ${fork.step} is behind the end: the recording has ${counted(steps, "call")} of the model.`
      )
    if (opened.turns.length === 0) return { turns: [], differences: [] } satisfies Played
    const run = { program: `signalbox ${version}`, config, environment, subject }
    const seams = Option.isNone(flags.record)
      ? replay.seams
      : joinSeams(replay.seams, yield* recordHost({ ...run, file: at(flags.record.value) }))
    const host = nodeReplayHost({
      config,
      environment,
      seams,
      startsAll: subject.agent === null,
      ...(subject.questions === null ? {} : { questions: { ...subject.questions, roots: undefined } })
    }).pipe(Layer.provideMerge(loggingLayer(config, true)))
    return yield* Effect.raceFirst(Effect.provide(Effect.scoped(playAll(opened, flags)), host), stuck)
  }).pipe(Effect.scoped)

/** Runs a cassette again. */
export const runReplay = (flags: ReplayFlags) =>
  work(flags).pipe(
    report({
      render: (played) => tellEnd(played, flags),
      json: ({ differences, turns }) => ({
        turns: turns.map(({ error, input, result, status, turn }) => ({
          turn,
          input,
          status,
          ...(result === undefined ? {} : turnJson(result)),
          ...(error === undefined ? {} : { error })
        })),
        differences: differencesJson(differences)
      }),
      shortfall: shortfallOf
    })
  )
