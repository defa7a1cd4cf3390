/**
 * What was read of a conversation's file. Whoever only adds to it needs to know of others' records no more than which they are:
 * their lines wait until somebody asks what they say.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { Result } from "effect"
import { type ChatEvent, type EventHead, type NamedEvent, uniqueKey } from "../events/ChatEvent.ts"
import { EventLog, isRewind } from "../events/EventLog.ts"
import { decodeLine } from "../events/olderEvents.ts"

/** A line of the file. */
export interface NumberedLine {
  readonly number: number
  readonly text: string
}

/** A line that is no record. */
export interface RejectedLine extends NumberedLine {
  readonly problem: string
  /** That of a record of a later Signalbox, which nothing must set aside. */
  readonly newerVersion?: number
}

type Waiting = { readonly event: ChatEvent } | { readonly line: NumberedLine }

export class FileLog {
  private readonly log = new EventLog()
  private readonly conversationId: string
  /** What comes after the log: lines that nobody has decoded, and what this process has added behind them. */
  private readonly waiting: Array<Waiting> = []
  private readonly ids = new Set<string>()
  private readonly keys = new Set<string>()
  private last = 0

  constructor(conversationId: string) {
    this.conversationId = conversationId
  }

  get lastSeq(): number {
    return Math.max(this.log.lastSeq, this.last)
  }

  has(event: NamedEvent): boolean {
    return this.log.has(event) || this.isWaiting(event)
  }

  add(event: ChatEvent): void {
    if (this.waiting.length === 0) this.log.add(event)
    else this.keep(event, { event })
  }

  /** Whether it takes the whole of what waits to tell what becomes of this record: the line that has its name may be none. */
  dependsOnWaiting(event: NamedEvent): boolean {
    return this.waiting.length > 0 && (isRewind(event) || this.isWaiting(event))
  }

  /** Takes the next line as a record. Answers with lines that are none: also of those that waited. */
  take(line: NumberedLine): ReadonlyArray<RejectedLine> {
    return [...this.decodeWaiting(), ...this.decode(line)]
  }

  /** Takes the next line and lets it wait, where its head tells which record it is: the next one, if it is any. */
  takeUnread(line: NumberedLine): ReadonlyArray<RejectedLine> {
    const head = headOf(line.text)
    if (head === undefined || head.seq !== this.lastSeq + 1 || isRewind(head)) return this.take(line)
    this.keep(head, { line })
    return []
  }

  /** All records, once nothing waits. */
  get records(): EventLog {
    return this.log
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** Decodes what waits, or so much of it. Answers with the lines that are no records. */
  decodeWaiting(amount = this.waiting.length): ReadonlyArray<RejectedLine> {
    const decoded = this.waiting.splice(0, amount).flatMap((each) => {
      if ("line" in each) return this.decode(each.line)
      this.log.add(each.event)
      return []
    })
    if (this.waiting.length > 0) return decoded
    this.ids.clear()
    this.keys.clear()
    this.last = 0
    return decoded
  }

  private isWaiting(event: NamedEvent): boolean {
    const key = uniqueKey(event)
    return (event.id !== undefined && this.ids.has(event.id)) || (key !== undefined && this.keys.has(key))
  }

  private keep(head: Pick<EventHead, "id" | "seq"> & NamedEvent, waiting: Waiting): void {
    const key = uniqueKey(head)
    this.waiting.push(waiting)
    this.ids.add(head.id)
    if (key !== undefined) this.keys.add(key)
    this.last = Math.max(this.last, head.seq)
  }

  private decode({ number, text }: NumberedLine): ReadonlyArray<RejectedLine> {
    if (text.trim() === "") return []
    const decoded = decodeLine(text)
    if ("problem" in decoded) return [{ number, text, ...decoded }]
    const event = "event" in decoded ? decoded.event : placeOlder(this.log, this.conversationId, decoded)
    // Written twice by something else than us: the first counts.
    if (!this.log.has(event)) this.log.add(event)
    return []
  }
}

type Older = Extract<ReturnType<typeof decodeLine>, { older: unknown }>

const placeOlder = (log: EventLog, conversationId: string, { older, seq }: Older): ChatEvent => {
  const next = log.lastSeq + 1
  const place = seq !== undefined && seq >= next ? seq : next
  const placed = {
    schema_version: 2,
    conversation_id: conversationId,
    seq: place,
    id: `line-${place}`,
    ...older
  } as const
  // Older records without a time are rejected before.
  return placed as ChatEvent
}

/** Not a schema: that would take longer than to read the JSON, and who waits for the lock does it for each record of others. */
const isHead = (json: JsonObject): json is JsonObject & EventHead => {
  const { id, index = 0, kind = "", request_id: requestId = "", schema_version: version, seq, type } = json
  return (
    version === 2 &&
    [id, kind, requestId, type].every((text) => typeof text === "string") &&
    [index, seq].every((number) => typeof number === "number")
  )
}

/** Which record a line is; nothing where that takes a closer look. */
const headOf = (text: string): EventHead | undefined => {
  const json = Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))
  return isJsonObject(json) && isHead(json) ? json : undefined
}
