/**
 * What the person approved for good: to be seen, and taken back. It is kept for all configurations together.
 */
import { type StoredApproval, userApprovals } from "@signalbox/host/node"
import { DateTime, Effect } from "effect"
import { ApprovalNotFound, InvalidUsage } from "./errors.ts"
import { Output } from "./Output.ts"
import { oneLine, printable } from "./render/style.ts"
import { renderTable } from "./render/table.ts"
import { report } from "./report.ts"

const json = ({ config, id, input, since, source, tool }: StoredApproval) => ({
  id,
  server: source,
  tool,
  arguments: input,
  since: DateTime.formatIso(since),
  config
})

/** The longest part of the arguments that a line shows. */
const shownArguments = 60

const rowOf = ({ config, id, input, source, tool }: StoredApproval): ReadonlyArray<string> => [
  id,
  printable(`${source} · ${tool}`),
  oneLine(printable(JSON.stringify(input)), shownArguments),
  printable(config)
]

/** Prints all of them. */
export const listApprovals = Effect.flatMap(userApprovals, ({ list }) => list).pipe(
  report({
    render: (all) =>
      Effect.flatMap(Output, ({ columns, line, style }) =>
        line(
          all.length === 0
            ? "Nothing was approved for good."
            : renderTable(all.map(rowOf), { columns, paint: style.dim })
        )
      ),
    json: (all) => all.map(json)
  })
)

/** Takes back those that are named. None is where one of them is not there. */
export const removeApprovals = ({ all, ids }: { readonly all: boolean; readonly ids: ReadonlyArray<string> }) =>
  Effect.gen(function* () {
    if (all === ids.length > 0) {
      return yield* new InvalidUsage({
        command: "signalbox approvals remove",
        reason: "Name approvals by their ids, or all of them with --all."
      })
    }
    const file = yield* userApprovals
    const known = new Set((yield* file.list).map(({ id }) => id))
    const missing = ids.find((id) => !known.has(id))
    if (missing !== undefined) return yield* new ApprovalNotFound({ id: missing })
    return yield* file.remove(({ id }) => all || ids.includes(id))
  }).pipe(
    report({
      render: (removed) =>
        Effect.flatMap(Output, ({ status }) =>
          Effect.forEach(removed, (approval) => status(`removed ${rowOf(approval).join("  ")}`), { discard: true })
        ),
      json: (removed) => removed.map(json)
    })
  )
