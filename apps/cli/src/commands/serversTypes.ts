import { Effect } from "effect"
import { Command } from "effect/cli"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { version } from "../version.ts"
import { withSetting } from "../withSetting.ts"

/** The types of servers that there are. A type is how a server is started or reached; nothing else is ever started. */
const types = [
  {
    type: "stdio",
    version,
    description: "A program that is started here and talks over standard input and output",
    keys: ["command", "args", "env"],
    dependencies: ["the program of command, on PATH or by its path"]
  },
  {
    type: "http",
    version,
    description: "A server behind a URL, over Streamable HTTP",
    keys: ["url", "headers"],
    dependencies: ["a server that listens at url"]
  },
  {
    type: "sse",
    version,
    description: "A server behind a URL that knows only the older transport, HTTP with SSE",
    keys: ["url", "headers"],
    dependencies: ["a server that listens at url"]
  }
] as const

export const serversTypes = Command.make("types", {}, () =>
  withSetting(
    Effect.succeed(types).pipe(
      report({
        render: (types) =>
          Effect.flatMap(Output, ({ columns, line, style }) =>
            line(
              renderTable(
                types.map(({ description, keys, type }) => [style.bold(type), description, `needs ${keys.join(", ")}`]),
                { columns, paint: style.dim }
              )
            )
          )
      })
    )
  )
).pipe(
  Command.withDescription("The types of servers that a configuration may have, and what each one needs"),
  Command.withExamples([{ command: "signalbox servers types --json", description: "With what must be installed" }])
)
