/**
 * What an upstream can do instead of answering, as scripts of fx-llm: each in one row, under the name that the table of
 * the proof has for it.
 */
import type { Reply } from "@signalbox/testing"

/** What a model would have said, in the pieces in which it is streamed. */
const pieces: ReadonlyArray<string> = ["The ", "train ", "is ", "on time."]

/** Pieces that come before a fault in the middle. */
const some = 2

/** The upstream asks for this pause, in seconds: more than the server waits itself. */
export const pauseSeconds = 30

/** What is large beside what sockets and queues on both sides of the server hold. */
const longText = { text: Array.from({ length: 220 }, (_, index) => `${index} `.padEnd(65_536, "x")) }

/**
 * Which server is asked: one with short limits, one whose upstream is not there, one that leaves alone who has limited it,
 * or one that is as usual.
 */
export type Temper = "usual" | "hasty" | "alone" | "limited"

/** A fault. */
export interface Fault {
  readonly name: string
  readonly reply: Reply
  readonly temper: Temper
  /** The text that the upstream says in a stream until it fails; all of it where it does not. */
  readonly text: ReadonlyArray<string>
  /** Forms in which it only shows where somebody reads the answer: bytes that are handed on pass as they came. */
  readonly passes: ReadonlyArray<"streamed" | "whole">
  /** How it ends: with an answer, refused with a status, or broken in some other way. */
  readonly ends: "well" | "refused" | "broken"
  /** Reads slowly. */
  readonly isClientSlow: boolean
  /** So much that not many of them may be there at the same time. */
  readonly isLarge: boolean
}

type Row = readonly [name: string, reply: Reply, more?: Partial<Fault>]

const statuses = [400, 401, 403, 404, 413, 429, 500, 502, 503, 529]

const refused: ReadonlyArray<Row> = statuses.flatMap((status): ReadonlyArray<Row> => {
  const fault = { kind: "status", status } as const
  return [
    [`status ${status}`, { fault }],
    [
      `status ${status}, retry-after ${pauseSeconds}`,
      { fault: { ...fault, retryAfter: pauseSeconds } },
      status === 429 ? { temper: "limited" } : {}
    ]
  ]
})

const middle = { text: pieces.slice(0, some) }
const nothing = { text: [] }
const hasty = { temper: "hasty" } as const

const broken: ReadonlyArray<Row> = [
  ["no connection", {}, { ...nothing, temper: "alone" }],
  ["reset before the head", { fault: { kind: "reset" } }, nothing],
  ["reset after the head", { fault: { kind: "reset", afterPieces: "head" } }, nothing],
  ["reset in the middle", { hold: some, fault: { kind: "reset", afterPieces: some } }, middle],
  ["silence before the head", { fault: { kind: "stall" } }, { ...nothing, ...hasty }],
  ["silence after the head", { fault: { kind: "stall", afterPieces: "head" } }, { ...nothing, ...hasty }],
  ["silence before the text", { fault: { kind: "stall", afterPieces: 0 } }, { ...nothing, ...hasty }],
  ["silence in the middle", { fault: { kind: "stall", afterPieces: some } }, { ...middle, ...hasty }],
  ["broken HTTP in the middle", { hold: some, fault: { kind: "broken_chunk", afterPieces: some } }, middle],
  ["no JSON before the text", { fault: { kind: "malformed", afterPieces: 0 } }, { ...nothing, passes: ["streamed"] }],
  ["no JSON in the middle", { fault: { kind: "malformed", afterPieces: some } }, { ...middle, passes: ["streamed"] }],
  [
    "an event of 12 MB",
    { fault: { kind: "oversized", bytes: 12_000_000, afterPieces: some } },
    { ...middle, passes: ["streamed", "whole"], isLarge: true }
  ],
  ["the end in the middle", { fault: { kind: "early_end", afterPieces: some } }, middle],
  ["the end without the last events", { fault: { kind: "early_end" } }, { text: pieces }],
  ["an error before the text", { fault: { kind: "error_event", afterPieces: 0 } }, nothing],
  ["an error in the middle", { fault: { kind: "error_event", afterPieces: some } }, middle],
  ["an answer of nothing", { fault: { kind: "empty" } }, nothing],
  ["a web page", { fault: { kind: "html" } }, nothing]
]

/** What is no fault of the upstream's, however odd. */
const odd: ReadonlyArray<Row> = [
  ["no fault", {}],
  ["the first byte late", { firstByteDelayMs: 5500 }],
  [
    "status 529 late",
    { firstByteDelayMs: 5500, fault: { kind: "status", status: 529, retryAfter: pauseSeconds } },
    { ...nothing, ends: "refused" }
  ],
  ["a slow client", longText, { ...longText, ...hasty, isClientSlow: true, isLarge: true }]
]

const faultOf =
  (ends: Fault["ends"]) =>
  ([name, reply, more = {}]: Row): Fault => ({
    name,
    reply: { text: pieces, ...reply },
    temper: "usual",
    ends,
    text: ends === "well" ? pieces : [],
    passes: [],
    isClientSlow: false,
    isLarge: false,
    ...more
  })

/** All of them. */
export const faults: ReadonlyArray<Fault> = [
  ...odd.slice(0, 1).map(faultOf("well")),
  ...refused.map(faultOf("refused")),
  ...broken.map(faultOf("broken")),
  ...odd.slice(1).map(faultOf("well"))
]
