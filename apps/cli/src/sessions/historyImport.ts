/** Takes in records from a file of lines, of this or an older version. What is there already is left as it is. */
import { decodeLine, EventStore, type NewEvent } from "@signalbox/conversation"
import { Effect, Option } from "effect"
import { RecordsInvalid, SomeRecordsInvalid } from "./errors.ts"
import { Output } from "../Output.ts"
import { readNamedFile } from "../readNamedFile.ts"
import { counted } from "../render/style.ts"
import { report } from "../report.ts"
import { withStore } from "./keptConversations.ts"

/** How many records go into one write. */
const batch = 500

interface Import {
  /** How many lines have something on them. */
  readonly total: number
  readonly byConversation: ReadonlyMap<string, ReadonlyArray<NewEvent>>
  readonly rejected: ReadonlyArray<{ readonly line: number; readonly reason: string }>
}

/** The records of a text, by the conversations that they are of. */
const readLines = (text: string, session: Option.Option<string>): Import => {
  const byConversation = new Map<string, Array<NewEvent>>()
  const rejected: Array<{ line: number; reason: string }> = []
  let total = 0
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    total++
    const decoded = decodeLine(line)
    if ("problem" in decoded) {
      rejected.push({ line: index + 1, reason: decoded.problem })
      continue
    }
    const own = "event" in decoded ? decoded.event.conversation_id : decoded.conversationId
    const event = "event" in decoded ? withoutPlace(decoded.event) : decoded.older
    const id = Option.getOrElse(session, () => own ?? "imported")
    byConversation.set(id, [...(byConversation.get(id) ?? []), event])
  }
  return { total, byConversation, rejected }
}

const withoutPlace = ({
  conversation_id: _conversation,
  schema_version: _version,
  seq: _seq,
  ...event
}: Extract<ReturnType<typeof decodeLine>, { event: unknown }>["event"]): NewEvent => event

/** The work of `history import`. */
export const historyImport = (file: string, session: Option.Option<string>) =>
  withStore(
    Effect.gen(function* () {
      const store = yield* EventStore
      const { byConversation, rejected, total } = readLines(yield* readNamedFile(file), session)
      const [first] = rejected
      if (first !== undefined && rejected.length === total) return yield* new RecordsInvalid({ file, ...first })
      const short =
        first === undefined ? undefined : new SomeRecordsInvalid({ file, ...first, rejected: rejected.length, total })
      let imported = 0
      let known = 0
      for (const [id, events] of byConversation) {
        for (let from = 0; from < events.length; from += batch) {
          const added = yield* store.addEvents(id, events.slice(from, from + batch))
          imported += added.filter(Boolean).length
          known += added.filter((isNew) => !isNew).length
        }
      }
      return { short, told: { imported, known, rejected, conversations: [...byConversation.keys()] } }
    })
  ).pipe(
    report({
      render: ({ short, told: { conversations, imported, known, rejected } }) =>
        Effect.gen(function* () {
          const { errorStyle, line, status } = yield* Output
          for (const { line: number, reason } of rejected)
            yield* status(`${errorStyle.yellow("!")} line ${number}: ${reason}`)
          const there = known === 0 ? "" : `, ${known} were there already`
          const leftOut = short === undefined ? "" : `; ${counted(rejected.length, "line")} left out`
          yield* line(
            `${counted(imported, "record")} imported into ${counted(conversations.length, "conversation")}${there}${leftOut}`
          )
        }),
      json: ({ told }) => told,
      shortfall: ({ short }) => short
    })
  )
