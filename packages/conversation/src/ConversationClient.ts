/**
 * The conversations of one program: starts them, finds them again, closes those nobody uses.
 * It owns its sessions and nothing else: model and toolbox are given, may be shared with other clients, and
 * stay as they are when this one is closed.
 */
import { makeCorrelationId } from "@signalbox/errors"
import {
  type CallContext,
  type ContentBlock,
  Interaction,
  LanguageModel,
  type Message,
  type TextBlock,
  Toolbox
} from "@signalbox/model"
import { Context, DateTime, Duration, Effect, Layer } from "effect"
import { ConversationSession } from "./ConversationSession.ts"
import type { SendOptions } from "./SessionOptions.ts"
import type { Approval } from "./approval/Approval.ts"
import type { TurnContext } from "./context/TurnContext.ts"
import type { PointNotFound, StoreError } from "./events/errors.ts"
import type { EventStore } from "./events/EventStore.ts"
import { forkConversation } from "./events/fork.ts"
import type { HistoryPoint } from "./events/turnPoints.ts"
import type { MemoryWindow } from "./events/windows.ts"
import { type SessionClosed, SessionExists, SessionNotFound, TooManySessions } from "./errors.ts"
import { Journal } from "./Journal.ts"
import { rewindMessages } from "./messagePoints.ts"
import { collectTurn, type TurnError } from "./turn.ts"
import { noHooks, type TurnHooks } from "./TurnHooks.ts"
import type { TurnLimits } from "./TurnLimits.ts"
import type { TurnRequest } from "./TurnOptions.ts"
import type { TurnResult } from "./TurnResult.ts"

/** What all sessions of a client have in common. */
export interface ConversationOptions {
  /** What every model call asks for; its `system` is the system prompt of sessions without their own. */
  readonly request: TurnRequest
  readonly limits: TurnLimits
  /** How many sessions may be open at once, those of `ask` included. */
  readonly maxSessions: number
  /** A session that nobody sent to for this long is closed; `Duration.infinity` keeps those without a limit of their own. */
  readonly idleTimeout: Duration.Input
  /** Where conversations are kept that have an id of the caller's; they end with the program where it is absent. */
  readonly store?: EventStore["Service"]
  /** What of a kept conversation the model is shown; all of it where it is absent. */
  readonly window?: MemoryWindow
  /** `Journal.none` where it is absent. */
  readonly journal?: Journal["Service"]
  /** `noHooks` where it is absent. */
  readonly hooks?: TurnHooks
  /** Which calls need a yes of somebody; without it all run. What is approved for a conversation ends with the session. */
  readonly approval?: Approval
  /** What keeps requests within what the model takes; without it all is sent as it is. */
  readonly context?: TurnContext
  /** Runs when a session has been closed: what was kept for its calls is of no use any more. */
  readonly onClose?: (session: {
    readonly principal: string
    readonly conversationId: string
    /** Whether the conversation can be gone on with. */
    readonly isKept: boolean
  }) => Effect.Effect<void>
}

/** What is special about one session. */
export interface StartOptions {
  /** A new random id where it is absent. */
  readonly id?: string
  /** The system prompt, instead of the client's. */
  readonly system?: string | ReadonlyArray<TextBlock>
  /** What was said before, oldest first. A conversation that is kept brings its own. */
  readonly history?: ReadonlyArray<Message>
  /** Whether it is kept where conversations are. Where it is absent, one with an id of the caller's is. */
  readonly isKept?: boolean
  /** What differs from the client's: model, token limit, temperature … */
  readonly request?: Partial<TurnRequest>
  readonly limits?: Partial<TurnLimits>
  /** `local` where it is absent: the person at this machine. */
  readonly principal?: string
  /** Whom tools may ask; nobody where it is absent. */
  readonly interaction?: CallContext["interaction"]
  /** Instead of the client's. `Duration.infinity` for a session that its holder closes, such as that of a person at a prompt. */
  readonly idleTimeout?: Duration.Input
}

/** What is special about a session that is made of another one. */
export interface ForkSessionOptions extends Omit<StartOptions, "history" | "isKept"> {
  /** The last that it has; all finished turns where it is absent. */
  readonly at?: HistoryPoint
  /** The system prompt, for who has to know the id of the new one to say it. */
  readonly systemFor?: (session: {
    readonly id: string
    readonly isKept: boolean
  }) => Effect.Effect<ReadonlyArray<TextBlock>>
}

/**
 * Conversations over one model and one toolbox. Use it where turns belong to sessions with a history; callers who
 * bring the whole history use `runTurn`.
 */
export class ConversationClient extends Context.Service<
  ConversationClient,
  {
    readonly start: (
      options?: StartOptions
    ) => Effect.Effect<ConversationSession, SessionExists | TooManySessions | StoreError>
    readonly get: (id: string) => Effect.Effect<ConversationSession, SessionNotFound>
    /**
     * Starts a session with the history of another conversation up to a point, open or kept. Both go on by themselves. A turn of
     * the other one that runs is not waited for and not part of it. Kept where the other one is.
     */
    readonly fork: (
      from: string,
      options?: ForkSessionOptions
    ) => Effect.Effect<
      ConversationSession,
      SessionNotFound | SessionExists | TooManySessions | PointNotFound | StoreError
    >
    /** The open sessions, oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<ConversationSession>>
    /** Stops a turn of the session that is running, and forgets the session. */
    readonly close: (id: string) => Effect.Effect<void, SessionNotFound>
    /** One question, one answer: a session of its own that is closed afterwards. */
    readonly ask: (
      content: string | ReadonlyArray<ContentBlock>,
      options?: StartOptions & SendOptions
    ) => Effect.Effect<TurnResult, TurnError | StoreError | SessionExists | TooManySessions | SessionClosed>
  }
>()("@signalbox/conversation/ConversationClient") {
  static readonly layer = (
    options: ConversationOptions
  ): Layer.Layer<ConversationClient, never, LanguageModel | Toolbox> =>
    Layer.effect(ConversationClient, makeClient(options))
}

interface OpenSession {
  readonly session: ConversationSession
  /** What it is a fork of, where it is not kept. */
  readonly origins: ReadonlyArray<string>
  readonly isKept: boolean
  readonly idleTimeout: Duration.Duration
}

const systemOf = (system: string | ReadonlyArray<TextBlock>): ReadonlyArray<TextBlock> =>
  typeof system === "string" ? [{ type: "text", text: system }] : system

/** What the client asks for, with what the session wants otherwise. */
const requestOf = (request: TurnRequest, given: StartOptions): TurnRequest => ({
  ...request,
  ...given.request,
  ...(given.system === undefined ? {} : { system: systemOf(given.system) })
})

const callOf = ({ interaction, principal }: StartOptions): Pick<CallContext, "interaction" | "principal"> => ({
  principal: principal ?? "local",
  interaction: interaction ?? Interaction.decline
})

/** What all sessions of the client go by. */
const rulesOf = ({ approval, context, hooks, journal }: ConversationOptions) => ({
  journal: journal ?? Journal.none,
  hooks: hooks ?? noHooks,
  ...(approval === undefined ? {} : { approval }),
  ...(context === undefined ? {} : { context })
})

/** Where the session is kept, if it is. */
const keptAs = (
  { store, window }: ConversationOptions,
  { id, isKept = id !== undefined }: StartOptions
): Pick<ConversationOptions, "store" | "window"> =>
  store === undefined || !isKept ? {} : { store, ...(window === undefined ? {} : { window }) }

/** What a session is started with that is a fork. */
const withSystem = (
  { systemFor, ...given }: ForkSessionOptions,
  session: { readonly id: string; readonly isKept: boolean }
): Effect.Effect<StartOptions> =>
  systemFor === undefined
    ? Effect.succeed({ ...given, ...session })
    : Effect.map(systemFor(session), (system) => ({ ...given, ...session, system }))

const makeClient = Effect.fnUntraced(function* (options: ConversationOptions) {
  const model = yield* LanguageModel
  const toolbox = yield* Toolbox
  const sessions = new Map<string, OpenSession>()
  const clientIdleTimeout = Duration.fromInputUnsafe(options.idleTimeout)

  const expire = Effect.gen(function* () {
    const now = yield* DateTime.now
    for (const { idleTimeout, session } of sessions.values()) {
      const since = yield* session.idleSince
      if (since !== undefined && Duration.isGreaterThanOrEqualTo(DateTime.distance(since, now), idleTimeout)) {
        yield* session.close
      }
    }
  })

  const begin = Effect.fnUntraced(function* (given: StartOptions, origins?: ReadonlyArray<string>) {
    yield* expire
    const id = given.id ?? `conv_${yield* makeCorrelationId}`
    const kept = keptAs(options, given)
    const session = yield* ConversationSession.make({
      id,
      model,
      toolbox,
      limits: { ...options.limits, ...given.limits },
      ...rulesOf(options),
      request: requestOf(options.request, given),
      call: callOf(given),
      ...(given.history === undefined ? {} : { history: given.history }),
      ...(origins === undefined ? {} : { origins }),
      ...kept
    })
    if (sessions.has(id)) return yield* new SessionExists({ sessionId: id })
    if (sessions.size >= options.maxSessions) return yield* new TooManySessions({ limit: options.maxSessions })
    const { principal } = callOf(given)
    const owned: ConversationSession = {
      ...session,
      close: Effect.suspend(() => {
        if (sessions.get(id)?.session !== owned) return session.close
        sessions.delete(id)
        const ended = { principal, conversationId: id }
        return session.close.pipe(
          Effect.ensuring(options.approval?.endConversation(ended) ?? Effect.void),
          Effect.ensuring(options.onClose?.({ ...ended, isKept: kept.store !== undefined }) ?? Effect.void)
        )
      })
    }
    const idleTimeout =
      given.idleTimeout === undefined ? clientIdleTimeout : Duration.fromInputUnsafe(given.idleTimeout)
    sessions.set(id, { session: owned, origins: origins ?? [], isKept: kept.store !== undefined, idleTimeout })
    return owned
  })

  const start = Effect.fn("ConversationClient.start")((given: StartOptions = {}) => begin(given))

  const forkOpen = Effect.fnUntraced(function* (
    { origins, session }: OpenSession,
    { at, ...given }: ForkSessionOptions
  ) {
    const id = given.id ?? `conv_${yield* makeCorrelationId}`
    const isRunning = (yield* session.idleSince) === undefined
    const last = at ?? { turn: (yield* session.turns).length - (isRunning ? 1 : 0) }
    const { messages } = yield* rewindMessages(session.id, yield* session.history, last)
    const options = { ...(yield* withSystem(given, { id, isKept: false })), history: messages }
    return yield* begin(options, [session.id, ...origins])
  })

  const forkKept = Effect.fnUntraced(function* (
    store: EventStore["Service"],
    from: string,
    { at, id, ...given }: ForkSessionOptions
  ) {
    if (id !== undefined && sessions.has(id)) return yield* new SessionExists({ sessionId: id })
    if (sessions.size >= options.maxSessions) return yield* new TooManySessions({ limit: options.maxSessions })
    const wanted = { ...(id === undefined ? {} : { id }), ...(at === undefined ? {} : { at }) }
    const forked = yield* forkConversation(store, from, wanted)
    return yield* begin(yield* withSystem(given, { id: forked.id, isKept: true }))
  })

  const fork = Effect.fn("ConversationClient.fork")(function* (from: string, given: ForkSessionOptions = {}) {
    yield* expire
    const open = sessions.get(from)
    if (open?.isKept === false) return yield* forkOpen(open, given)
    if (options.store !== undefined) return yield* forkKept(options.store, from, given)
    return yield* new SessionNotFound({ sessionId: from })
  })

  const get = Effect.fn("ConversationClient.get")(function* (id: string) {
    yield* expire
    const session = sessions.get(id)?.session
    return session === undefined ? yield* new SessionNotFound({ sessionId: id }) : session
  })

  if (Duration.isFinite(clientIdleTimeout)) {
    // Whoever looks, looks at sessions that are still alive; this only frees the memory of those nobody asks for.
    const period = Duration.max(clientIdleTimeout, Duration.seconds(1))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(period), expire)))
  }
  const open = Effect.sync(() => Array.from(sessions.values(), ({ session }) => session))
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(open, (all) => Effect.forEach(all, (session) => session.close, { concurrency: "unbounded" }))
  )

  return ConversationClient.of({
    start,
    fork,
    get,
    list: Effect.andThen(expire, open),
    close: Effect.fn("ConversationClient.close")(function* (id: string) {
      yield* (yield* get(id)).close
    }),
    ask: Effect.fn("ConversationClient.ask")((content, given) =>
      Effect.acquireUseRelease(
        start(given),
        (session) => collectTurn(session.send(content, given)),
        (session) => session.close
      )
    )
  })
})
