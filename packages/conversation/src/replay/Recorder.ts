/**
 * Writes a cassette while a conversation is held. Noting something takes no time and never fails: a fiber writes what has
 * come, in whole lines, as soon as it can. Nothing reaches the file before the mask has seen it.
 */
import { fileTrouble } from "@signalbox/errors"
import { type Cause, DateTime, Effect, FileSystem, type PlatformError, Queue, type Scope } from "effect"
import { type CassetteEntry, cassetteFormat, type EntryOf, headJson, type RecordedRequest } from "./Cassette.ts"
import { CassetteUnusable } from "./errors.ts"
import { makeMask, type Mask } from "./Mask.ts"
import { makePieceMask, type PieceMask } from "./maskPieces.ts"

/** How a cassette is begun. */
export interface RecorderOptions {
  /** Must not be there yet; nobody else may read it. */
  readonly file: string
  /** Who writes it, with its version. */
  readonly program: string
  /** What the conversation is held with. Secrets in it are hidden like all others. */
  readonly subject: unknown
  /** Secrets that are known from the start. */
  readonly secrets: ReadonlyArray<string>
}

/** The answer to one request, as it comes. */
export interface ExchangeTape {
  readonly head: (status: number, headers: Readonly<Record<string, string>>) => void
  readonly piece: (bytes: Uint8Array) => void
  readonly end: (how: "complete" | "cut" | "lost", reason?: string) => void
}

/** One connection to a tool server. */
export interface LinkTape {
  readonly out: (message: unknown) => void
  readonly in: (message: unknown) => void
  readonly state: (state: EntryOf<"link">["state"], more?: Pick<EntryOf<"link">, "error" | "reason">) => void
}

/** Notes what happens. All of it may be called from anywhere, also where there is no fiber. */
export interface Recorder {
  readonly mask: Mask
  readonly note: (entry: CassetteEntry) => void
  /** Of each name the first alone. */
  readonly noteOnce: (entry: EntryOf<"note">) => void
  /** An input was given: what follows belongs to its turn. Answers with its number. */
  readonly beginTurn: () => number
  /** A model is called: answers with the number of the step. */
  readonly beginStep: () => number
  readonly turn: () => number
  readonly exchange: (request: RecordedRequest) => ExchangeTape
  /** The next connection to a server. */
  readonly link: (peer: string) => LinkTape
  /** Waits until everything so far is in the file. */
  readonly written: Effect.Effect<void>
}

/** Headers that say nothing of what is asked, or how to be let in. */
const withoutSecrets = (mask: Mask, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !/^(proxy-)?authorization$|^(set-)?cookie$/i.test(name))
      .map(([name, value]) => [name, String(Reflect.get(Object(mask.json({ [name]: value })), name) ?? "")])
  )

/** What lets in is a secret wherever else it occurs. */
const learn = (mask: Mask, headers: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries(headers)) {
    if (/^(proxy-)?authorization$/i.test(name)) mask.add(value.replace(/^\S+\s+/, ""))
    else if (/key|token|secret|cookie/i.test(name)) mask.add(value)
  }
}

type Line = { readonly text: string } | { readonly written: () => void }

const whyNotMade = (error: PlatformError.PlatformError): string => {
  if (error.reason._tag === "AlreadyExists") return "it is there already"
  if (error.reason._tag === "NotFound") return "there is no such folder"
  return error.reason._tag === "PermissionDenied" ? "this user may not write there" : fileTrouble(error)
}

/** Begins a cassette; when the scope ends, everything is in it. Fails where the file cannot be made. */
export const makeRecorder = Effect.fn("makeRecorder")(function* (
  options: RecorderOptions
): Effect.fn.Return<Recorder, CassetteUnusable, FileSystem.FileSystem | Scope.Scope> {
  const { file, program } = options
  const fs = yield* FileSystem.FileSystem
  const mask = makeMask(options.secrets)
  const head = headJson({
    cassette: cassetteFormat,
    program,
    startedAt: yield* DateTime.now,
    subject: mask.json(options.subject)
  })
  const handle = yield* Effect.mapError(
    fs.open(file, { flag: "wx", mode: 0o600 }),
    (error) => new CassetteUnusable({ file, use: "written", reason: whyNotMade(error) })
  )
  const write = (text: string) => handle.writeAll(new TextEncoder().encode(text))
  yield* Effect.mapError(
    write(`${JSON.stringify(head)}\n`),
    (error) => new CassetteUnusable({ file, use: "written", reason: fileTrouble(error) })
  )

  const queue = yield* Queue.unbounded<Line, Cause.Done>()
  const flush = Effect.fnUntraced(function* (lines: ReadonlyArray<Line>) {
    const text = lines.map((line) => ("text" in line ? line.text : "")).join("")
    if (text !== "") {
      yield* Effect.catch(write(text), (error) =>
        Effect.logWarning(`The cassette "${file}" is not complete: ${error.message}`)
      )
    }
    for (const line of lines) if ("written" in line) line.written()
  })
  const writer = yield* Queue.takeAll(queue).pipe(
    Effect.flatMap(flush),
    Effect.forever,
    Effect.catch(() => Effect.void),
    Effect.forkScoped({ startImmediately: true })
  )
  const written = Effect.callback<void>((resume) => {
    if (!Queue.offerUnsafe(queue, { written: () => resume(Effect.void) })) resume(Effect.void)
  })
  // Before the writer is interrupted, which was forked first and ends last.
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      written,
      Effect.sync(() => writer.interruptUnsafe())
    )
  )

  let turn = 0
  let step = 0
  let exchanges = 0
  const links = new Map<string, number>()
  const note = (entry: CassetteEntry) => {
    Queue.offerUnsafe(queue, { text: `${JSON.stringify(mask.json(entry))}\n` })
  }
  const names = new Set<string>()
  return {
    mask,
    note,
    noteOnce: (entry) => {
      if (names.has(entry.name)) return
      names.add(entry.name)
      note(entry)
    },
    written,
    turn: () => turn,
    beginTurn: () => ++turn,
    beginStep: () => {
      step += 1
      note({ type: "step", turn, step })
      return step
    },
    exchange: ({ body, headers, method, url }) => {
      const exchange = ++exchanges
      learn(mask, headers)
      const request = { method, url, headers: withoutSecrets(mask, headers), ...(body === undefined ? {} : { body }) }
      note({ type: "request", turn, step, exchange, request })
      const wasShownSecret = mask.spans(JSON.stringify(body ?? "")).length > 0
      return exchangeTape(note, exchange, mask, makePieceMask(mask, wasShownSecret))
    },
    link: (peer) => {
      const link = (links.get(peer) ?? 0) + 1
      links.set(peer, link)
      const say = (way: "out" | "in") => (message: unknown) => note({ type: "message", turn, peer, link, way, message })
      return {
        out: say("out"),
        in: say("in"),
        state: (state, more) => note({ type: "link", turn, peer, link, state, ...more })
      }
    }
  }
})

const exchangeTape = (note: Recorder["note"], exchange: number, mask: Mask, pieces: PieceMask): ExchangeTape => {
  let isOver = false
  return {
    head: (status, headers) => note({ type: "head", exchange, status, headers: withoutSecrets(mask, headers) }),
    piece: (bytes) => {
      for (const piece of pieces.next(bytes)) note({ type: "piece", exchange, ...piece })
    },
    end: (how, reason) => {
      if (isOver) return
      isOver = true
      for (const piece of pieces.end()) note({ type: "piece", exchange, ...piece })
      note({ type: "exchange_end", exchange, how, ...(reason === undefined ? {} : { reason }) })
    }
  }
}
