/**
 * The records of one conversation in memory, in order, with what is asked of them. Records that a later one has made
 * superfluous are hidden at once; whoever keeps them in a file may drop them there later.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import {
  type ChatEvent,
  type ChatEventType,
  type MetaEvent,
  type NamedEvent,
  type NewEvent,
  uniqueKey
} from "./ChatEvent.ts"

/** The kind of the record that hides others: records of a request and of these kinds that came before it. */
const compactionKind = "compaction"

/** The kind of the record that takes what came before it, back to a certain record, out of the conversation. */
const rewindKind = "rewind"

/** The kind of a piece of an answer that was still coming. */
export const deltaKind = "assistant_delta"

/** Says that records of a request are not needed any more. */
export const compaction = (requestId: string, kinds: ReadonlyArray<string>): NewEvent => ({
  type: "meta",
  role: "system",
  kind: compactionKind,
  data: { request_id: requestId, kinds }
})

/**
 * Says that what came after a record, or after the beginning, is no part of the conversation any more. The record is named by
 * its id, since records that are taken elsewhere are numbered anew.
 */
export const rewindNote = (afterId: string | undefined, data: JsonObject): NewEvent => ({
  type: "meta",
  role: "system",
  kind: rewindKind,
  data: { ...(afterId === undefined ? {} : { after_id: afterId }), ...data }
})

/** Whether a record takes others out, so that what they said may be said again. */
export const isRewind = (event: NamedEvent): boolean => event.type === "meta" && event.kind === rewindKind

/** What a store has of one conversation in memory. Whoever adds to it gives each record its place. */
export class EventLog {
  /** In order of `seq`, those included that are hidden. */
  readonly all: Array<ChatEvent> = []
  private readonly byKey = new Map<string, ChatEvent>()
  private readonly ids = new Set<string>()
  private readonly hidden = new Set<ChatEvent>()
  private readonly superfluous = new Set<ChatEvent>()
  private last = 0

  get lastSeq(): number {
    return this.last
  }

  /** How many records can be dropped for good. */
  get superfluousCount(): number {
    return this.superfluous.size
  }

  /** Whether it is no part of the conversation: it is superfluous, or was taken out. */
  isHidden(event: ChatEvent): boolean {
    return this.hidden.has(event)
  }

  /** Whether it can be dropped for good. What a person has taken out of the conversation cannot: it stays to be looked up. */
  isSuperfluous(event: ChatEvent): boolean {
    return this.superfluous.has(event)
  }

  /** Whether the same was added before: its id, or what it is of its request. What was taken out may be said again. */
  has(event: NamedEvent): boolean {
    const key = uniqueKey(event)
    return (event.id !== undefined && this.ids.has(event.id)) || (key !== undefined && this.byKey.has(key))
  }

  add(event: ChatEvent): void {
    this.all.push(event)
    this.ids.add(event.id)
    this.last = Math.max(this.last, event.seq)
    const key = uniqueKey(event)
    if (key !== undefined) this.byKey.set(key, event)
    if (event.type !== "meta") return
    if (event.kind === compactionKind) this.hideSuperfluous(event.data)
    if (event.kind === rewindKind) this.takeOut(event)
  }

  private hideSuperfluous(data: JsonObject): void {
    const kinds = data["kinds"]
    if (!Array.isArray(kinds)) return
    for (const event of this.all) {
      if (event.type === "meta" && event.request_id === data["request_id"] && kinds.includes(event.kind)) {
        this.hidden.add(event)
        this.superfluous.add(event)
      }
    }
  }

  private takeOut(note: typeof MetaEvent.Type): void {
    const afterId = noteText(note, "after_id")
    const place = this.all.findIndex(({ id }) => id === afterId)
    // A place that is not there says nothing.
    if (afterId !== undefined && place === -1) return
    for (const event of this.all.slice(place + 1, -1)) {
      this.hidden.add(event)
      const key = uniqueKey(event)
      if (key !== undefined && this.byKey.get(key) === event) this.byKey.delete(key)
    }
  }

  /** What was said and done. */
  conversation(): ReadonlyArray<Exclude<ChatEvent, { type: "meta" }>> {
    return this.all.filter((event) => event.type !== "meta").filter((event) => !this.hidden.has(event))
  }

  /** Notes that are still of use, of one kind or of all. */
  notes(kind?: string, requestId?: string): ReadonlyArray<typeof MetaEvent.Type> {
    return this.all.filter(
      (event): event is typeof MetaEvent.Type =>
        event.type === "meta" &&
        !this.hidden.has(event) &&
        (kind === undefined || event.kind === kind) &&
        (requestId === undefined || event.request_id === requestId)
    )
  }

  ofRequest(requestId: string, type?: ChatEventType): ReadonlyArray<ChatEvent> {
    return this.all.filter(
      (event) =>
        event.request_id === requestId && (type === undefined || event.type === type) && !this.hidden.has(event)
    )
  }
}

/** Text at a key of the data of a note. */
export const noteText = (note: typeof MetaEvent.Type, key: string): string | undefined => {
  const value = isJsonObject(note.data) ? note.data[key] : undefined
  return typeof value === "string" ? value : undefined
}
