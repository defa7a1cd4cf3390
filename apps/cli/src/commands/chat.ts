import type { ConversationSession } from "@signalbox/conversation"
import { builtInSource, describeProblem, Host, hookProblems } from "@signalbox/host"
import { Interaction, sourceOf } from "@signalbox/model"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type ApprovalChoice, makeApproving } from "../chat/approving.ts"
import { describeModel } from "../chat/banner.ts"
import { continuing } from "../chat/continuing.ts"
import { isSomebodyThere, terminalInteraction, terminalQuestions } from "../chat/questions/terminalInteraction.ts"
import { type Chat, type ChatState, startSession } from "../chat/Chat.ts"
import { type Attachment, checkTogether, readAttachment } from "../chat/attachments/readAttachment.ts"
import { noFileDiffs } from "../chat/FileDiffs.ts"
import { runOneTurn } from "../chat/runOneTurn.ts"
import { type Talker, talkerOf } from "../chat/Talker.ts"
import { turnJson } from "../chat/turnJson.ts"
import { watchConfig } from "../chat/watchConfig.ts"
import { watchServers } from "../chat/watchServers.ts"
import { approvalFlags, modelFlags, recordFlag } from "../flags.ts"
import { Output } from "../Output.ts"
import { noServers } from "../render/renderServers.ts"
import { counted, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { requireHistory } from "../sessions/requireHistory.ts"
import { sessionNameFlag } from "../sessions/sessionName.ts"
import { Setting } from "../Setting.ts"
import { choiceFlags, recordingOf, withHost } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

/** Tools that no server has, which somebody may not expect. */
const tellBuiltIns = Effect.fnUntraced(function* ({ toolbox }: Talker) {
  const { errorStyle, status } = yield* Output
  const names = (yield* toolbox.list).filter(({ runBy }) => sourceOf(runBy) === builtInSource).map(({ name }) => name)
  if (names.length > 0) yield* status(errorStyle.dim(`Built-in tools: ${names.join(", ")}`))
})

/** What keeps hooks from being asked: who has written them counts on them. */
const hookNotes = Effect.gen(function* () {
  const { config } = yield* Host
  const { file, problems } = config.invalid(yield* hookProblems(config, (yield* Setting).environment))
  return problems.map((problem) => `A hook cannot be asked: ${describeProblem(file, problem)}`)
})

/** What a conversation begins with, which somebody may not have written, and what is wrong with what they have. */
const tellProject = Effect.fnUntraced(function* ({ instructions, promptCommands }: Talker) {
  const { errorStyle, status } = yield* Output
  const { files, notes } = yield* instructions
  if (files.length > 0) yield* status(errorStyle.dim(`Instructions: ${files.map(printable).join(", ")}`))
  for (const note of [...notes, ...(yield* promptCommands.problems), ...(yield* hookNotes)])
    yield* status(`${errorStyle.yellow("!")} ${printable(note)}`)
})

/** Servers, model and what to do, before the first prompt. */
const welcome = Effect.fnUntraced(function* (talker: Talker, isOneShot: boolean) {
  const output = yield* Output
  if (output.isJson) return yield* talker.usable
  yield* output.status(describeModel(talker.model, output.errorStyle))
  yield* tellBuiltIns(talker)
  yield* tellProject(talker)
  yield* watchServers(talker)
  const servers = yield* talker.orchestrator.servers
  if (servers.length === 0) {
    const { config } = yield* Host
    yield* output.status(
      config.file === undefined ? "No servers are configured. Write a configuration with: signalbox init" : noServers
    )
  }
  yield* talker.usable
  for (const { areToolsRemembered, name, state } of yield* talker.orchestrator.servers) {
    if (state === "starting" && !areToolsRemembered)
      yield* output.status(output.errorStyle.dim(`… ${name} is still starting; the others can be used`))
  }
  const { isTerminal } = yield* Setting
  if (!isOneShot && isTerminal.stdin) {
    yield* output.status(
      output.errorStyle.dim("Ask away; /help shows what else can be typed. Ctrl-C stops an answer, Ctrl-D leaves.")
    )
  }
})

interface ChatOptions {
  readonly agent: Option.Option<string>
  readonly streams: boolean
  readonly isPlain: boolean
  /** Files that go along with the first message. */
  readonly images: ReadonlyArray<string>
  /** The name under which the conversation is kept. */
  readonly session: Option.Option<string>
  readonly approvals: ApprovalChoice
  /** A cassette has one configuration: a file that changes is not followed then. */
  readonly isRecorded: boolean
}

/** What of a chat its session is started with. */
const named = ({ session }: ChatOptions) => (Option.isNone(session) ? {} : { id: session.value })

/** A name is of no use where nothing is kept. */
const requireKept = Effect.fnUntraced(function* ({ session }: ChatOptions) {
  const { config } = yield* Host
  if (Option.isSome(session)) yield* requireHistory(config)
})

/** Which conversation it is, how much of it there is already, and whether its last turn was cut off. */
const tellKept = Effect.fnUntraced(function* (options: ChatOptions, session: ConversationSession) {
  if (Option.isNone(options.session)) return
  const { errorStyle, isJson, status } = yield* Output
  const { length } = yield* session.history
  if (isJson || length === 0) return
  const name = options.session.value
  yield* status(errorStyle.dim(`Going on with ${printable(name)}: ${counted(length, "message")} so far`))
  const { tellLastTurn } = yield* Effect.promise(() => import("../sessions/tellLastTurn.ts"))
  yield* tellLastTurn(name)
})

/** Whom tools may ask: the person, where one sits at the terminal. */
const interactionWith = Effect.fnUntraced(function* ({ diffs, host, talker }: Chat) {
  return (yield* isSomebodyThere) ? yield* terminalInteraction(host, talker.model, diffs) : Interaction.decline
})

/** The files of the command line. One that cannot be sent is told before anything starts. */
const attachedBy = Effect.fnUntraced(function* ({ images }: ChatOptions) {
  const { directory } = yield* Setting
  const files = yield* Effect.forEach(images, (path) => readAttachment(path, directory))
  yield* checkTogether(files)
  return files
})

/** Where nobody sees them, nothing of the tools that change files is loaded. */
const fileDiffs = Effect.promise(() => import("../chat/makeFileDiffs.ts"))

/** Starts the conversation. */
const chatOf = Effect.fnUntraced(function* (
  options: ChatOptions,
  talker: Talker,
  attachments: ReadonlyArray<Attachment>
) {
  const session = yield* startSession(talker, named(options))
  const state: ChatState = { session, other: undefined, attachments, contextTokens: undefined, ids: [session.id] }
  const host = yield* Host
  const { isJson } = yield* Output
  const diffs = isJson ? noFileDiffs : yield* (yield* fileDiffs).makeFileDiffs(host)
  const chat: Chat = { host, talker, diffs, isKept: Option.isSome(options.session), state }
  return chat
})

const oneShot = Effect.fnUntraced(function* (message: string, options: ChatOptions) {
  const { agent, approvals } = options
  const attachments = yield* attachedBy(options)
  yield* requireKept(options)
  const talker = yield* talkerOf(agent)
  yield* welcome(talker, true)
  const chat = yield* chatOf(options, talker, attachments)
  const { interaction, unasked } = makeApproving(approvals, yield* interactionWith(chat))
  yield* tellKept(options, chat.state.session)
  const end = yield* runOneTurn(chat, { content: message }, { ...options, interaction, isLast: true })
  return end._tag === "Finished" ? { result: end.result, short: unasked() } : yield* Effect.interrupt
})

const conversation = Effect.fnUntraced(function* (options: ChatOptions, onReady: () => void) {
  const { agent, approvals } = options
  const attachments = yield* attachedBy(options)
  yield* requireKept(options)
  const talker = yield* talkerOf(agent)
  yield* welcome(talker, false)
  const host = yield* Host
  if (!options.isRecorded) yield* watchConfig(host)
  onReady()
  const chat = yield* chatOf(options, talker, attachments)
  const asked = yield* interactionWith(chat)
  yield* tellKept(options, chat.state.session)
  const { repl } = yield* Effect.promise(() => import("../chat/repl.ts"))
  return yield* repl(chat, { ...options, approving: () => makeApproving(approvals, asked) })
})

export const chat = Command.make(
  "chat",
  {
    message: Argument.String("message").pipe(
      Argument.withDescription("One question; without it the chat goes on line by line"),
      Argument.variadic()
    ),
    noStream: Flag.Boolean("no-stream").pipe(
      Flag.withDescription("Print each answer when it is complete"),
      Flag.withDefault(false)
    ),
    continues: Flag.Boolean("continue").pipe(
      Flag.withDescription("Go on with the conversation that was used last"),
      Flag.withDefault(false)
    ),
    agent: Flag.String("agent").pipe(
      Flag.withAlias("a"),
      Flag.withDescription("Talk to an agent of the configuration: its servers, its model"),
      Flag.optional
    ),
    session: sessionNameFlag("session", "NAME", "Keep the conversation under this name, and go on with it"),
    image: Flag.String("image").pipe(
      Flag.withMetavar("PATH"),
      Flag.withDescription("Send a picture or a PDF along with the first message. May be repeated"),
      Flag.atLeast(0)
    ),
    plain: Flag.Boolean("plain").pipe(
      Flag.withDescription("Print answers as the model writes them, with the marks of their Markdown"),
      Flag.withDefault(false)
    ),
    ...recordFlag,
    ...approvalFlags,
    ...modelFlags
  },
  continuing(({ agent, approve, image, message, noStream, plain, record, session, yes, ...choice }) => {
    const options: ChatOptions = {
      agent,
      session,
      streams: !noStream,
      isPlain: plain,
      images: image,
      approvals: { approve, yes },
      isRecorded: Option.isSome(record)
    }
    const run = {
      record: recordingOf(record, agent),
      startsAll: Option.isNone(agent),
      tellsServers: true,
      flags: choiceFlags(choice),
      whenMissing: "preset"
    } as const
    const withQuestions = <A, E, R>(work: Effect.Effect<A, E, R>) =>
      Effect.flatMap(isSomebodyThere, (isThere) =>
        withHost(isThere ? { ...run, questions: terminalQuestions } : run)(Effect.scoped(work))
      )
    const text = message.join(" ").trim()
    if (text !== "") {
      return withSetting(
        withQuestions(oneShot(text, options)).pipe(
          report({
            render: () => Effect.void,
            json: ({ result }) => ({
              ...turnJson(result),
              ...(Option.isNone(session) ? {} : { session: session.value })
            }),
            shortfall: ({ short }) => short
          })
        )
      )
    }
    let isReady = false
    const chatting = conversation(options, () => {
      isReady = true
    })
    // Each turn reports itself; only what keeps the chat from starting is left to be told.
    return withSetting(
      withQuestions(chatting).pipe(
        report({ render: () => Effect.void, hasAnswered: () => isReady, shortfall: (short) => short })
      )
    )
  })
).pipe(
  Command.withDescription("Talk to a model that uses your servers"),
  Command.withExamples([
    { command: "signalbox chat", description: "A conversation" },
    { command: 'signalbox chat "read notes.txt"', description: "One question, one answer" },
    { command: "signalbox chat --session trip", description: "Under a name: the next time it goes on from there" },
    { command: 'signalbox chat --image plan.png "what is wrong here?"', description: "About a picture, or a PDF" },
    { command: "signalbox chat --continue", description: "Where the last one that is kept ended" },
    { command: "signalbox chat --agent planner", description: "With an agent of the configuration" },
    {
      command: 'signalbox chat --record trip.cassette "plan it"',
      description: "Recorded, to be replayed without a key"
    },
    { command: "signalbox chat --provider claude --model claude-sonnet-5-5", description: "With a certain model" }
  ])
)
