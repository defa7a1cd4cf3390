import type { ConversationSession } from "@signalbox/conversation"
import { builtInSource, Host } from "@signalbox/host"
import { Interaction, sourceOf } from "@signalbox/model"
import { Duration, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type ApprovalChoice, makeApproving } from "../chat/approving.ts"
import { describeModel } from "../chat/banner.ts"
import { isSomebodyThere, terminalInteraction, terminalQuestions } from "../chat/questions/terminalInteraction.ts"
import { repl } from "../chat/repl.ts"
import { runOneTurn } from "../chat/runOneTurn.ts"
import { turnJson } from "../chat/turnJson.ts"
import { watchConfig } from "../chat/watchConfig.ts"
import { watchServers } from "../chat/watchServers.ts"
import { approvalFlags, modelFlags, recordFlag } from "../flags.ts"
import { Output } from "../Output.ts"
import { noServers } from "../render/renderServers.ts"
import { counted, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { requireHistory } from "../sessions/requireHistory.ts"
import { Setting } from "../Setting.ts"
import { choiceFlags, withHost } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

/** Whom one talks to: the host with all servers, or one of its agents. */
const talkerOf = Effect.fnUntraced(function* (agent: Option.Option<string>) {
  const host = yield* Host
  return Option.isNone(agent) ? host : yield* host.agents.add(agent.value)
})

type Talker = Effect.Success<ReturnType<typeof talkerOf>>

/** Tools that no server has, which somebody may not expect. */
const tellBuiltIns = Effect.fnUntraced(function* ({ toolbox }: Talker) {
  const { errorStyle, status } = yield* Output
  const names = (yield* toolbox.list).filter(({ runBy }) => sourceOf(runBy) === builtInSource).map(({ name }) => name)
  if (names.length > 0) yield* status(errorStyle.dim(`Built-in tools: ${names.join(", ")}`))
})

/** Servers, model and what to do, before the first prompt. */
const welcome = Effect.fnUntraced(function* (talker: Talker, isOneShot: boolean) {
  const output = yield* Output
  if (output.isJson) return yield* talker.usable
  yield* output.status(describeModel(talker.model, output.errorStyle))
  yield* tellBuiltIns(talker)
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
      output.errorStyle.dim('Ask away; "what can you do?" helps. Ctrl-C stops an answer, once more it leaves.')
    )
  }
})

interface Chat {
  readonly agent: Option.Option<string>
  readonly streams: boolean
  /** The name under which the conversation is kept. */
  readonly session: Option.Option<string>
  readonly approvals: ApprovalChoice
  /** A cassette has one configuration: a file that changes is not followed then. */
  readonly isRecorded: boolean
}

/** What of a chat its session is started with. */
const named = ({ session }: Chat) => (Option.isNone(session) ? {} : { id: session.value })

/** A name is of no use where nothing is kept. */
const requireKept = Effect.fnUntraced(function* ({ session }: Chat) {
  const { config } = yield* Host
  if (Option.isSome(session)) yield* requireHistory(config)
})

/** How much of the conversation there is already. */
const tellKept = Effect.fnUntraced(function* (chat: Chat, session: ConversationSession) {
  if (Option.isNone(chat.session)) return
  const { errorStyle, isJson, status } = yield* Output
  const { length } = yield* session.history
  if (isJson || length === 0) return
  yield* status(errorStyle.dim(`Going on with ${printable(chat.session.value)}: ${counted(length, "message")} so far`))
})

/** Whom tools may ask: the person, where one sits at the terminal. */
const interactionWith = Effect.fnUntraced(function* (talker: Talker) {
  return (yield* isSomebodyThere) ? yield* terminalInteraction(yield* Host, talker.model) : Interaction.decline
})

const oneShot = Effect.fnUntraced(function* (message: string, chat: Chat) {
  const { agent, approvals, streams } = chat
  yield* requireKept(chat)
  const talker = yield* talkerOf(agent)
  yield* welcome(talker, true)
  const session = yield* talker.conversations.start(named(chat))
  const { interaction, unasked } = makeApproving(approvals, yield* interactionWith(talker))
  const end = yield* runOneTurn(session, message, { streams, interaction, isLast: true })
  return end._tag === "Finished" ? { result: end.result, short: unasked() } : yield* Effect.interrupt
})

const conversation = Effect.fnUntraced(function* (chat: Chat, onReady: () => void) {
  const { agent, approvals, streams } = chat
  yield* requireKept(chat)
  const talker = yield* talkerOf(agent)
  yield* welcome(talker, false)
  const host = yield* Host
  if (!chat.isRecorded) yield* watchConfig(host)
  onReady()
  const asked = yield* interactionWith(talker)
  // A person may be away for as long as they like.
  const session = yield* talker.conversations.start({ idleTimeout: Duration.infinity, ...named(chat) })
  yield* tellKept(chat, session)
  yield* repl(session, { streams, approving: () => makeApproving(approvals, asked) })
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
    agent: Flag.String("agent").pipe(
      Flag.withAlias("a"),
      Flag.withDescription("Talk to an agent of the configuration: its servers, its model"),
      Flag.optional
    ),
    session: Flag.String("session").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription("Keep the conversation under this name, and go on with it"),
      Flag.optional
    ),
    ...recordFlag,
    ...approvalFlags,
    ...modelFlags
  },
  ({ agent, approve, message, noStream, record, session, yes, ...choice }) => {
    const isRecorded = Option.isSome(record)
    const chat: Chat = { agent, session, streams: !noStream, approvals: { approve, yes }, isRecorded }
    const run = {
      record: Option.getOrUndefined(Option.map(record, (file) => ({ file, agent: Option.getOrUndefined(agent) }))),
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
        withQuestions(oneShot(text, chat)).pipe(
          report({
            render: () => Effect.void,
            json: ({ result }) => turnJson(result),
            shortfall: ({ short }) => short
          })
        )
      )
    }
    let isReady = false
    const chatting = conversation(chat, () => {
      isReady = true
    })
    // Each turn reports itself; only what keeps the chat from starting is left to be told.
    return withSetting(withQuestions(chatting).pipe(report({ render: () => Effect.void, hasAnswered: () => isReady })))
  }
).pipe(
  Command.withDescription("Talk to a model that uses your servers"),
  Command.withExamples([
    { command: "signalbox chat", description: "A conversation" },
    { command: 'signalbox chat "read notes.txt"', description: "One question, one answer" },
    { command: "signalbox chat --session trip", description: "Under a name: the next time it goes on from there" },
    { command: "signalbox chat --agent planner", description: "With an agent of the configuration" },
    {
      command: 'signalbox chat --record trip.cassette "plan it"',
      description: "Recorded, to be replayed without a key"
    },
    { command: "signalbox chat --provider claude --model claude-sonnet-5-5", description: "With a certain model" }
  ])
)
