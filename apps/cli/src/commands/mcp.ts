import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { approvalFlags } from "../flags.ts"
import { withSetting } from "../withSetting.ts"

const serve = Command.make(
  "serve",
  {
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("The tools of the servers of the configuration, too"),
      Flag.withDefault(false)
    ),
    ...approvalFlags
  },
  ({ all, approve, yes }) =>
    withSetting(
      // The server half of the SDK takes a while to load.
      Effect.flatMap(
        Effect.promise(() => import("../mcp/serveMcp.ts")),
        ({ serveMcp }) => serveMcp({ all, approvals: { approve, yes } })
      )
    )
).pipe(
  Command.withDescription("Be an MCP server on standard input and output, with the built-in tools"),
  Command.withExamples([
    { command: "claude mcp add signalbox -- signalbox mcp serve", description: "As a server of Claude Code" },
    { command: "signalbox mcp serve --all", description: "With all servers of the configuration behind one" }
  ])
)

export const mcp = Command.make("mcp").pipe(
  Command.withDescription("The tools of this configuration for other MCP clients"),
  Command.withSubcommands([serve])
)
