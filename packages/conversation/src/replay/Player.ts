/**
 * Gives again what a cassette holds, to a program that does the same as when it was recorded. What the program asks for is
 * compared with what it asked for then; where that differs, the replay ends, or the difference is noted and what comes nearest
 * is given.
 */
import { Deferred, Effect } from "effect"
import { type Cassette, entriesOf, type EntryOf, type RecordedRequest } from "./Cassette.ts"
import { firstDifference, showDifference } from "./differences.ts"
import { ReplayDiverged } from "./errors.ts"
import { makeMask, type Mask } from "./Mask.ts"

/** Something that this version does otherwise. */
export interface Difference {
  readonly kind: "request" | "tool" | "answer" | "event" | "text" | "missing"
  /** Such as `turn 2, step 3`. */
  readonly place: string
  /** What it is about, such as the address or the name of the tool. */
  readonly subject: string
  /** Where in it, as in a program; empty for the whole. */
  readonly path: string
  readonly recorded?: unknown
  readonly now?: unknown
}

/** How a difference is told to a person. */
export const describeDifference = ({ kind, now, path, place, recorded, subject }: Difference): string =>
  kind === "missing" && now === undefined
    ? `${place}: ${subject} is not asked for any more`
    : `${place}: ${subject} differs: ${showDifference({ path, recorded, now })}`

/** What `makePlayer` takes. */
export interface PlayerOptions {
  /** `strict` ends at the first difference; `lenient` notes all. */
  readonly mode: "strict" | "lenient"
  /** The step from which on nothing comes from the cassette any more. */
  readonly liveFrom?: number
  /** Whether tools stay those of the cassette then. */
  readonly keepsTools?: boolean
}

/** A request that was recorded, and its answer. */
export interface PlayedExchange {
  readonly head: EntryOf<"head"> | undefined
  readonly pieces: ReadonlyArray<EntryOf<"piece">>
  /** Absent where the recording ended before the answer did. */
  readonly end: EntryOf<"exchange_end"> | undefined
}

/** The state of one replay. */
export interface Player {
  readonly cassette: Cassette
  readonly mask: Mask
  /** The turn that runs; 0 before the first. */
  readonly turn: () => number
  readonly enterTurn: (turn: number) => void
  /** What was done between turns is done again; where it is the last in the recording, that may end within it. */
  readonly enterChange: (isLast: boolean) => void
  /** The turn has begun, with the tools that there were: servers may say now what they said during it. */
  readonly openTurn: () => void
  /** The latest turn that has begun so. */
  readonly openedTurn: () => number
  /** Runs whenever a turn has begun so. */
  readonly onOpened: (listener: () => void) => void
  /** A model is called: answers with the number of the step. */
  readonly beginStep: () => number
  /** Whether models answer live by now, and tools. */
  readonly isLive: () => boolean
  readonly areToolsLive: () => boolean
  /** The recorded exchange for a request; `undefined` where there is none and differences are noted only. */
  readonly exchange: (request: RecordedRequest) => Effect.Effect<PlayedExchange | undefined>
  /** The recorded call of a tool of the program; `undefined` where there is none after a fork. */
  readonly tool: (name: string, input: unknown) => Effect.Effect<EntryOf<"tool"> | undefined>
  /** What somebody answered to a question; `undefined` where nobody was asked and differences are noted only. */
  readonly answer: (kind: EntryOf<"answer">["kind"], question: unknown) => Effect.Effect<EntryOf<"answer"> | undefined>
  /** Tells of a difference. In a strict replay it is the end. */
  readonly differ: (difference: Omit<Difference, "place">) => void
  readonly differences: () => ReadonlyArray<Difference>
  /** Nothing more of the turn is in the cassette, though it went on: it was stopped, or the recording ends in it. */
  readonly exhaust: () => void
  /** Whether the recording ends within the turn that runs: what it does not have came after that. */
  readonly isInCutTurn: () => boolean
  /** Whether it may end before what is asked for between turns: as there, or within the turn that is next. */
  readonly isNearCut: () => boolean
  /** Waits until nothing more is there of the turn that runs. */
  readonly exhausted: Effect.Effect<void>
  /** Fails when a strict replay has ended. */
  readonly diverged: Effect.Effect<never, ReplayDiverged>
  /** What was recorded within turns and nobody has asked for. */
  readonly leftOver: () => ReadonlyArray<Difference>
}

/** Entries of which each is given once. */
const makeShelf = <Entry>(entries: ReadonlyArray<Entry>) => {
  const left = new Set(entries)
  return {
    left,
    /** The first that fits, or the first that comes near it, which is then gone as well. */
    take: (fits: (entry: Entry) => boolean, isNear: (entry: Entry) => boolean) => {
      const all = [...left]
      const exact = all.find(fits)
      const entry = exact ?? all.find(isNear)
      if (entry !== undefined) left.delete(entry)
      return { entry, isExact: exact !== undefined }
    }
  }
}

const isSame = (a: unknown, b: unknown): boolean => firstDifference(a, b) === undefined

/** What of a request is compared: how a program names itself may change. */
const comparable = ({ body, method, url }: RecordedRequest) => ({ method, url, body })

const pathOf = ({ url }: RecordedRequest): string => url.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(/\?.*$/, "")

/** Two requests that are meant for the same. */
const isAkin = (a: RecordedRequest, b: RecordedRequest): boolean => a.method === b.method && pathOf(a) === pathOf(b)

/** A hook is named by its question. */
const questionSubject = (kind: EntryOf<"answer">["kind"], question: unknown): string =>
  kind === "hook" ? `the hook ${String(Reflect.get(Object(question), "hook"))}` : `the question (${kind})`

/** The turn within which the recording ends: the one that it has no end of. */
const cutTurnOf = (cassette: Cassette): number | undefined => {
  const whole = new Set(entriesOf(cassette, "turn_end").map((entry) => entry.turn))
  return entriesOf(cassette, "input").findLast((entry) => !whole.has(entry.turn))?.turn
}

/** The recording ends before this. */
const atEnd = Symbol("atEnd")

/** Makes a player of a cassette that has been read. */
export const makePlayer = (cassette: Cassette, options: PlayerOptions): Player => {
  const mask = makeMask()
  const requests = makeShelf(entriesOf(cassette, "request"))
  const tools = makeShelf(entriesOf(cassette, "tool"))
  const answers = makeShelf(entriesOf(cassette, "answer"))
  const differences: Array<Difference> = []
  const ended = Deferred.makeUnsafe<never, ReplayDiverged>()
  const listeners = new Set<() => void>()
  const unfinished = new Set(entriesOf(cassette, "input").map((entry) => entry.turn))
  for (const entry of entriesOf(cassette, "turn_end")) if (entry.ending !== "stopped") unfinished.delete(entry.turn)
  const cutTurn = cutTurnOf(cassette)
  let isInLastChange = false
  let exhausted = Deferred.makeUnsafe<void>()
  const exhaust = () => void Deferred.doneUnsafe(exhausted, Effect.void)
  let turn = 0
  let opened = 0
  let step = 0
  const isLive = () => options.liveFrom !== undefined && step >= options.liveFrom
  const place = () => (turn === 0 ? "the start" : step === 0 ? `turn ${turn}` : `turn ${turn}, step ${step}`)

  const differ = (found: Omit<Difference, "place">) => {
    const difference = { ...found, place: place() }
    differences.push(difference)
    if (options.mode === "lenient") return
    const reason = describeDifference(difference).slice(difference.place.length + 2)
    Deferred.doneUnsafe(ended, Effect.fail(new ReplayDiverged({ place: difference.place, reason })))
  }

  /** A strict replay is over with its first difference; nobody waits for what would come then. */
  const unlessEnded = <A>(value: () => A | typeof atEnd): Effect.Effect<A> =>
    Effect.suspend(() => {
      const answer = value()
      if (answer === atEnd) return Effect.never
      return options.mode === "strict" && differences.length > 0 ? Effect.never : Effect.succeed(answer)
    })

  /** Where the turn was stopped, or the recording ends within it, what it does not have may have come after that. */
  const missing = (kind: Difference["kind"], subject: string, now: unknown): typeof atEnd | undefined => {
    if (unfinished.has(turn) || isInLastChange) {
      exhaust()
      return atEnd
    }
    differ({ kind, subject: `${subject}, which the recording does not have,`, path: "", now })
    return undefined
  }

  const answerTo = (exchange: number): PlayedExchange => {
    const isOf = (entry: { readonly exchange: number }) => entry.exchange === exchange
    return {
      head: entriesOf(cassette, "head").find(isOf),
      pieces: entriesOf(cassette, "piece").filter(isOf),
      end: entriesOf(cassette, "exchange_end").find(isOf)
    }
  }

  return {
    cassette,
    mask,
    turn: () => turn,
    enterTurn: (next) => {
      turn = next
      isInLastChange = false
      exhausted = Deferred.makeUnsafe()
    },
    enterChange: (isLast) => {
      isInLastChange = isLast
      exhausted = Deferred.makeUnsafe()
    },
    openTurn: () => {
      if (opened === turn) return
      opened = turn
      for (const listener of listeners) listener()
    },
    openedTurn: () => opened,
    onOpened: (listener) => void listeners.add(listener),
    beginStep: () => ++step,
    isLive,
    areToolsLive: () => isLive() && options.keepsTools !== true,
    exchange: (given) =>
      unlessEnded(() => {
        // What is written down has been through JSON and the mask.
        const request: RecordedRequest = { ...given, body: mask.json(given.body), url: mask.text(given.url) }
        const now = comparable(request)
        const { entry, isExact } = requests.take(
          (known) => isSame(comparable(known.request), now),
          (known) => isAkin(known.request, request)
        )
        const subject = `the request ${request.method} ${request.url}`
        if (entry === undefined) {
          return missing("request", subject, request.body)
        }
        const difference = isExact ? undefined : firstDifference(comparable(entry.request), now)
        if (difference !== undefined) differ({ kind: "request", subject, ...difference })
        return answerTo(entry.exchange)
      }),
    tool: (name, input) =>
      unlessEnded(() => {
        const now = mask.json(input)
        const { entry, isExact } = tools.take(
          (known) => known.name === name && isSame(known.input, now),
          (known) => known.name === name && !isLive()
        )
        if (isLive()) return entry
        if (entry === undefined) return missing("tool", `the call of ${name}`, now)
        if (!isExact) {
          const difference = firstDifference(entry.input, now)
          if (difference !== undefined) differ({ kind: "tool", subject: `the call of ${name}`, ...difference })
        }
        return entry
      }),
    answer: (kind, question) =>
      unlessEnded(() => {
        const now = mask.json(JSON.parse(JSON.stringify(question)))
        const { entry, isExact } = answers.take(
          (known) => known.kind === kind && isSame(known.question, now),
          (known) => known.kind === kind && !isLive()
        )
        if (isLive()) return entry
        if (entry === undefined) return missing("answer", questionSubject(kind, now), now)
        if (!isExact) {
          const difference = firstDifference(entry.question, now)
          if (difference !== undefined) differ({ kind: "answer", subject: questionSubject(kind, now), ...difference })
        }
        return entry
      }),
    differ,
    exhaust,
    isInCutTurn: () => turn === cutTurn && !isLive(),
    isNearCut: () => cutTurn !== undefined && turn >= cutTurn - 1 && !isLive(),
    exhausted: Effect.suspend(() => Deferred.await(exhausted)),
    differences: () => differences,
    diverged: Deferred.await(ended),
    leftOver: () =>
      [
        ...[...requests.left].map((left) => ({
          ...left,
          subject: `the request ${left.request.method} ${left.request.url} of step ${left.step}`
        })),
        ...[...tools.left].map((left) => ({ ...left, subject: `the call of ${left.name}` })),
        ...[...answers.left].map((left) => ({ ...left, subject: questionSubject(left.kind, left.question) }))
      ]
        .filter((left) => left.turn > 0 && left.turn !== cutTurn)
        .map((left) => ({ kind: "missing" as const, place: `turn ${left.turn}`, subject: left.subject, path: "" }))
  }
}
