import { errorTable, exitCodes } from "@signalbox/errors"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { withSetting } from "../withSetting.ts"

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.gen(function* () {
      const output = yield* Output
      // Loaded here: the errors of the server come with the server.
      const { allErrors } = yield* Effect.promise(() => import("../allErrors.ts"))
      const rows = errorTable(allErrors)
      // A table for scripts: no envelope, so that it can be counted and filtered as it is.
      if (output.isJson) return yield* output.line(JSON.stringify(rows))
      const header = ["code", "http", "type", "json-rpc", "exit", "retryable"].map(output.style.dim)
      const lines = rows.map((row) => [
        output.style.bold(row.code),
        String(row.http_status),
        row.anthropic_type,
        String(row.json_rpc_code),
        String(row.exit_code),
        row.retryable ? "yes" : "no"
      ])
      yield* output.line(renderTable([header, ...lines]))
      const codes = Object.entries(exitCodes).map(([name, code]) => `${code} ${name}`)
      yield* output.line(`\nExit codes: ${codes.join(", ")}`)
    })
  )
).pipe(
  Command.withDescription(
    "Every error code with its HTTP status, API type and exit code. With --json the bare list, in no envelope"
  )
)

export const errors = Command.make("errors").pipe(
  Command.withDescription("What can go wrong"),
  Command.withSubcommands([list])
)
