/** The conversations that are kept, those used last at the end. */
import { type ConversationOverview, EventStore, overviewOf } from "@signalbox/conversation"
import { textOf } from "@signalbox/model"
import { Clock, DateTime, Effect } from "effect"
import { Output } from "../Output.ts"
import { counted, printable, type Style } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { showPoint } from "./historyPoint.ts"
import { doesRun, ofEach, withReadStore } from "./keptConversations.ts"
import { shortName } from "./sessionName.ts"

interface Listed extends ConversationOverview {
  readonly name: string
  readonly lastSaid: string
  /** Whether a turn runs, in whichever program. */
  readonly isRunning: boolean
}

const usedAt = ({ lastUsed }: Listed) => (lastUsed === undefined ? 0 : DateTime.toEpochMillis(lastUsed))

const summaries = Effect.gen(function* () {
  const store = yield* EventStore
  const found = yield* ofEach((name) =>
    Effect.gen(function* () {
      const events = yield* store.getEvents(name, { include: "all" })
      const said = events.findLast((event) => event.type === "user_message")
      const overview = overviewOf(events)
      const isRunning = yield* doesRun(name, overview.turns)
      return { ...overview, name, lastSaid: said?.type === "user_message" ? textOf(said.content) : "", isRunning }
    })
  )
  return found.toSorted((a, b) => usedAt(a) - usedAt(b))
})

const units = [
  ["day", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000]
] as const

/** How long ago, for people: `3 days ago`. */
const ageOf = (millis: number): string => {
  const [unit, length] = units.find(([, length]) => millis >= length) ?? []
  if (unit === undefined || length === undefined) return "just now"
  const count = Math.floor(millis / length)
  return `${unit === "day" ? counted(count, unit) : `${count} ${unit}`} ago`
}

/** How the last turn ended, where it did not come to its end by itself: a person stopped it, or its program ended first. */
const endOf = ({ isCutOff, isRunning, turns }: Listed, style: Style): ReadonlyArray<string> => {
  if (isRunning) return [style.green("running")]
  if (turns.at(-1)?.end === "stopped") return [style.yellow("stopped")]
  return isCutOff ? [style.yellow("cut off")] : []
}

const originOf = ({ forkedFrom }: Listed): ReadonlyArray<string> =>
  forkedFrom === undefined
    ? []
    : [`from ${printable(shortName(forkedFrom.conversationId))} at ${showPoint(forkedFrom)}`]

/** What is special about it. */
const notesOf = (listed: Listed, style: Style): ReadonlyArray<string> => [...originOf(listed), ...endOf(listed, style)]

const rowOf = (listed: Listed, now: number, style: Style): ReadonlyArray<string> => [
  style.bold(printable(shortName(listed.name))),
  counted(listed.turns.length, "turn"),
  listed.lastUsed === undefined ? "" : ageOf(now - DateTime.toEpochMillis(listed.lastUsed)),
  notesOf(listed, style).join(", "),
  printable(listed.title)
]

const json = (listed: Listed) => ({
  name: listed.name,
  title: listed.title,
  turns: listed.turns.length,
  messages: listed.messages,
  last_used: listed.lastUsed === undefined ? null : DateTime.formatIso(listed.lastUsed),
  last_said: listed.lastSaid,
  forked_from:
    listed.forkedFrom === undefined
      ? null
      : { name: listed.forkedFrom.conversationId, at: showPoint(listed.forkedFrom) },
  end: listed.turns.at(-1)?.end ?? null,
  is_cut_off: listed.isCutOff && !listed.isRunning,
  is_running: listed.isRunning
})

/** The work of `sessions list`. */
export const sessionsList = withReadStore(summaries).pipe(
  report({
    json: (all) => all.map(json),
    render: (all) =>
      Effect.gen(function* () {
        const { columns, line, status, style } = yield* Output
        if (all.length === 0) return yield* status("Nothing is kept yet. Begin with: signalbox chat --session NAME")
        const now = yield* Clock.currentTimeMillis
        const rows = all.map((listed) => rowOf(listed, now, style))
        // Nothing is special about most.
        const hasNotes = rows.some((row) => row[3] !== "")
        const shown = hasNotes ? rows : rows.map((row) => row.toSpliced(3, 1))
        yield* line(renderTable(shown, { columns, paint: style.dim }))
      })
  })
)
