/**
 * The format of a recorded conversation: lines of JSON, the first one a head with the version of the format. Lines are
 * appended as things happen, so a program that is killed leaves all that had happened until then.
 */
import { fileTrouble } from "@signalbox/errors"
import { Effect, FileSystem, Result, Schema } from "effect"
import { type CassetteError, CassetteInvalid, CassetteTooNew, CassetteUnusable } from "./errors.ts"

/** The version that is written, and the latest that is read. */
export const cassetteFormat = 1

/** The first line. */
export const CassetteHead = Schema.Struct({
  cassette: Schema.Int,
  /** Who wrote it, with its version. */
  program: Schema.String,
  startedAt: Schema.DateTimeUtcFromString,
  /** What the conversation was held with, such as a configuration: the composition's own business. */
  subject: Schema.Unknown
})
export interface CassetteHead extends Schema.Schema.Type<typeof CassetteHead> {}

const Names = Schema.Record(Schema.String, Schema.String)

/** What the program asked of a server over HTTP. */
export const RecordedRequest = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  /** Without those that hold secrets. */
  headers: Names,
  /** JSON, or the text where it is none. */
  body: Schema.optionalKey(Schema.Unknown)
})
export interface RecordedRequest extends Schema.Schema.Type<typeof RecordedRequest> {}

/** A question that a tool asked while it ran. */
const AskedQuestion = Schema.Struct({ input: Schema.Unknown, reason: Schema.String })

/** How a turn ended: `stopped` by whoever asked, or with a failure. */
const TurnEnding = Schema.Literals(["finished", "stopped", "failed"])

/**
 * What happened, in the order in which it did. `turn` counts the inputs, from 1; 0 is before the first.
 */
export const CassetteEntry = Schema.Union([
  /** A conversation began, with what was said before. */
  Schema.Struct({
    type: Schema.Literal("conversation"),
    id: Schema.String,
    history: Schema.Unknown
  }),
  /** A person, or a program, said something. */
  Schema.Struct({
    type: Schema.Literal("input"),
    turn: Schema.Int,
    conversation: Schema.String,
    content: Schema.Unknown,
    correlationId: Schema.NullOr(Schema.String),
    /** The name of the model that was chosen for it, and the only tools that it might use; absent where they were those of all. */
    answeredBy: Schema.optionalKey(Schema.String),
    tools: Schema.optionalKey(Schema.Array(Schema.String)),
    /** From which the turn drew its random numbers. */
    seed: Schema.String
  }),
  /** Between two turns the conversation went back to a point, or got a summary in the place of older messages. */
  Schema.Struct({
    type: Schema.Literal("rewind"),
    conversation: Schema.String,
    point: Schema.Struct({ turn: Schema.Int, step: Schema.optionalKey(Schema.Int) })
  }),
  Schema.Struct({
    type: Schema.Literal("compact"),
    conversation: Schema.String,
    answeredBy: Schema.optionalKey(Schema.String)
  }),
  /** The turn read the clock: milliseconds of the day, nanoseconds since the turn began. */
  Schema.Struct({
    type: Schema.Literal("clock"),
    turn: Schema.Int,
    millis: Schema.Array(Schema.Finite),
    nanos: Schema.Array(Schema.Finite)
  }),
  /** Something happened in the turn: an event without its times. Pieces of one block of an answer stand together. */
  Schema.Struct({
    type: Schema.Literal("event"),
    turn: Schema.Int,
    event: Schema.Unknown,
    pieces: Schema.optionalKey(Schema.Int)
  }),
  Schema.Struct({
    type: Schema.Literal("turn_end"),
    turn: Schema.Int,
    ending: TurnEnding,
    /** The error of a turn that failed. */
    error: Schema.optionalKey(Schema.Unknown)
  }),
  /** A model was chosen for conversations. */
  Schema.Struct({ type: Schema.Literal("model"), upstream: Schema.String, model: Schema.String }),
  /** A call of a model began: steps count over the whole conversation, from 1. */
  Schema.Struct({ type: Schema.Literal("step"), turn: Schema.Int, step: Schema.Int }),
  /** Somebody was asked, and answered: a person, a model in the place of one, or a program that has a say. */
  Schema.Struct({
    type: Schema.Literal("answer"),
    turn: Schema.Int,
    kind: Schema.Literals(["approve", "elicit", "sample", "hook"]),
    question: Schema.Unknown,
    answer: Schema.Unknown
  }),
  /** A request over HTTP, and the parts of its answer. */
  Schema.Struct({
    type: Schema.Literal("request"),
    turn: Schema.Int,
    step: Schema.Int,
    exchange: Schema.Int,
    request: RecordedRequest
  }),
  Schema.Struct({ type: Schema.Literal("head"), exchange: Schema.Int, status: Schema.Int, headers: Names }),
  Schema.Struct({
    type: Schema.Literal("piece"),
    exchange: Schema.Int,
    text: Schema.optionalKey(Schema.String),
    /** Base64: a piece that is no text by itself, such as one that ends within a character. */
    bytes: Schema.optionalKey(Schema.String)
  }),
  Schema.Struct({
    type: Schema.Literal("exchange_end"),
    exchange: Schema.Int,
    /** `cut` by the program, `lost` by the other side. */
    how: Schema.Literals(["complete", "cut", "lost"]),
    reason: Schema.optionalKey(Schema.String)
  }),
  /** A connection to a tool server, or one that could not be made. */
  Schema.Struct({
    type: Schema.Literal("link"),
    turn: Schema.Int,
    peer: Schema.String,
    link: Schema.Int,
    state: Schema.Literals(["opened", "ready", "failed", "lost"]),
    reason: Schema.optionalKey(Schema.String),
    /** The whole error, where the composition writes it down. */
    error: Schema.optionalKey(Schema.Unknown)
  }),
  /** A message on a connection. */
  Schema.Struct({
    type: Schema.Literal("message"),
    turn: Schema.Int,
    peer: Schema.String,
    link: Schema.Int,
    way: Schema.Literals(["out", "in"]),
    message: Schema.Unknown
  }),
  /** A call of a tool over a connection failed: the nth of its kind, from 1, as far as no message tells. */
  Schema.Struct({
    type: Schema.Literal("call_failed"),
    turn: Schema.Int,
    peer: Schema.String,
    name: Schema.String,
    input: Schema.Unknown,
    nth: Schema.Int,
    error: Schema.Unknown
  }),
  /** A tool of the program itself was called. */
  Schema.Struct({
    type: Schema.Literal("tool"),
    turn: Schema.Int,
    name: Schema.String,
    input: Schema.Unknown,
    asked: Schema.Array(AskedQuestion),
    result: Schema.optionalKey(Schema.Unknown),
    error: Schema.optionalKey(Schema.Unknown)
  }),
  /** Anything else that the composition wants to find again, by its name. */
  Schema.Struct({ type: Schema.Literal("note"), name: Schema.String, value: Schema.Unknown })
])
export type CassetteEntry = typeof CassetteEntry.Type

/** The entries of one kind. */
export type EntryOf<Type extends CassetteEntry["type"]> = Extract<CassetteEntry, { readonly type: Type }>

/** A cassette that has been read. */
export interface Cassette {
  readonly file: string
  readonly head: CassetteHead
  readonly entries: ReadonlyArray<CassetteEntry>
}

/** The entries of one kind, in their order. */
export const entriesOf = <Type extends CassetteEntry["type"]>(
  { entries }: Pick<Cassette, "entries">,
  type: Type
): ReadonlyArray<EntryOf<Type>> => entries.filter((entry): entry is EntryOf<Type> => entry.type === type)

const encodeHead = Schema.encodeResult(CassetteHead)
const decodeHead = Schema.decodeUnknownResult(CassetteHead)
const decodeEntry = Schema.decodeUnknownResult(CassetteEntry)
const decodeVersion = Schema.decodeUnknownResult(
  Schema.Struct({ cassette: Schema.Int, program: Schema.optionalKey(Schema.String) })
)

/** The head as JSON. */
export const headJson = (head: CassetteHead): unknown => Result.getOrThrow(encodeHead(head))

const parse = (line: string): Result.Result<unknown, string> =>
  Result.mapError(
    Result.try((): unknown => JSON.parse(line)),
    () => "is not JSON"
  )

const readHead = (file: string, line: string): Result.Result<CassetteHead, CassetteError> => {
  const invalid = (reason: string) => Result.fail(new CassetteInvalid({ file, line: 1, reason }))
  const parsed = parse(line)
  if (Result.isFailure(parsed)) return invalid("is no head of a cassette")
  const version = decodeVersion(parsed.success)
  if (Result.isFailure(version)) return invalid("is no head of a cassette")
  const { cassette: format, program = "unknown" } = version.success
  if (format > cassetteFormat)
    return Result.fail(new CassetteTooNew({ file, line: 1, format, known: cassetteFormat, program }))
  return Result.match(decodeHead(parsed.success), {
    onSuccess: (head): Result.Result<CassetteHead, CassetteError> => Result.succeed(head),
    onFailure: () => invalid("is a head that this version cannot read")
  })
}

/** Reads the text of a cassette. Fails with the first line that is none of its lines. */
export const readCassetteText = (file: string, text: string): Result.Result<Cassette, CassetteError> => {
  const [first = "", ...rest] = text.split("\n")
  const head = readHead(file, first)
  if (Result.isFailure(head)) return Result.fail(head.failure)
  const isTorn = rest.at(-1) !== ""
  const entries: Array<CassetteEntry> = []
  for (const [index, line] of rest.entries()) {
    const isLast = index === rest.length - 1
    if (line === "" && isLast) break
    const entry = Result.flatMap(parse(line), (value) =>
      Result.mapError(decodeEntry(value), () => "is no entry that this version knows")
    )
    if (Result.isFailure(entry)) {
      const reason = isLast && isTorn ? "breaks off" : entry.failure
      return Result.fail(new CassetteInvalid({ file, line: index + 2, reason }))
    }
    entries.push(entry.success)
  }
  return Result.succeed({ file, head: head.success, entries })
}

/** Reads a cassette. */
export const readCassette = Effect.fn("readCassette")(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    fs.readFileString(file),
    (error) => new CassetteUnusable({ file, use: "read", reason: fileTrouble(error) })
  )
  if (text === "") return yield* new CassetteUnusable({ file, use: "read", reason: "it is empty" })
  return yield* Effect.fromResult(readCassetteText(file, text))
})
