/**
 * What the built-in tools have changed in files: to be seen, and taken back.
 */
import type { LoadedConfig } from "@signalbox/host"
import { userFileChanges } from "@signalbox/host/node"
import { type FileChange, UndoRefused } from "@signalbox/tools"
import { DateTime, Effect, Option } from "effect"
import { NothingToUndo } from "./errors.ts"
import { Output } from "./Output.ts"
import { printable } from "./render/style.ts"
import { renderTable } from "./render/table.ts"
import { report } from "./report.ts"
import { readConfigOrPreset } from "./withHost.ts"

/** Of a file that is broken nobody knows how much it wants to be kept: nothing is dropped for its sake. */
const keepsAll = ({ options, ...config }: LoadedConfig): LoadedConfig => {
  const undo = { ...options.tools.undo, maxChanges: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER }
  return { ...config, options: { ...options, tools: { ...options.tools, undo } } }
}

/** The changes of the configuration of this run, also where one of them has broken it. */
const kept = Effect.flatMap(readConfigOrPreset, ({ config, isBroken }) =>
  userFileChanges(isBroken ? keepsAll(config) : config)
)

const json = ({ at, bytes, id, path, wasNew }: FileChange) => ({
  id,
  path,
  at: DateTime.formatIso(at),
  was_new: wasNew,
  bytes_before: bytes
})

/** What is short and tells changes apart: an id begins with its time. */
const shortId = ({ id }: FileChange): string => id.slice(id.lastIndexOf("-") + 1)

const rowOf = (change: FileChange): ReadonlyArray<string> => [
  shortId(change),
  DateTime.formatIso(change.at),
  change.wasNew ? "made" : "changed",
  printable(change.path)
]

/** Prints all that can be taken back, the latest first. */
export const listChanges = Effect.flatMap(kept, ({ changes }) => changes).pipe(
  Effect.scoped,
  report({
    render: (all) =>
      Effect.flatMap(Output, ({ columns, line, style }) =>
        line(
          all.length === 0
            ? "There is nothing to take back."
            : renderTable(all.map(rowOf), { columns, paint: style.dim })
        )
      ),
    json: (all) => all.map(json)
  })
)

const wanted = (changes: ReadonlyArray<FileChange>, id: Option.Option<string>): FileChange | undefined =>
  Option.match(id, {
    onNone: () => changes[0],
    onSome: (given) => changes.find((change) => change.id === given || shortId(change) === given)
  })

/** Takes one back: the latest where none is named. */
export const undoChange = (id: Option.Option<string>) =>
  Effect.gen(function* () {
    const { areKept, changes, revert } = yield* kept
    const all = yield* changes
    const change = wanted(all, id)
    if (change !== undefined) return yield* revert(change.id)
    if (all.length === 0) return yield* new NothingToUndo({ areKept })
    return yield* new UndoRefused({
      path: Option.getOrElse(id, () => ""),
      reason: "there is no such change",
      hint: "See what there is: signalbox undo --list"
    })
  }).pipe(
    Effect.scoped,
    report({
      render: ({ path, wasNew }) =>
        Effect.flatMap(Output, ({ line, style }) =>
          line(
            `${style.green("✓")} ${printable(path)} is ${wasNew ? "gone again" : "as it was before; the next undo takes that back"}`
          )
        ),
      json
    })
  )
