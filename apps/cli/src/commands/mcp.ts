import { Effect, Option, Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { approvalFlags } from "../flags.ts"
import { withSetting } from "../withSetting.ts"

const namesOfGiven = (flags: Readonly<Record<string, Option.Option<unknown>>>): ReadonlyArray<string> =>
  Object.entries(flags).flatMap(([name, value]) => (Option.isSome(value) ? [name] : []))

const serve = Command.make(
  "serve",
  {
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("The tools of the servers of the configuration, too"),
      Flag.withDefault(false)
    ),
    http: Flag.Boolean("http").pipe(
      Flag.withDescription("Over HTTP (Streamable HTTP, at /mcp) instead of standard input and output"),
      Flag.withDefault(false)
    ),
    port: Flag.Int("port").pipe(
      Flag.withDescription("With --http: where to listen (default: 4001); 0 lets the system choose"),
      Flag.optional
    ),
    host: Flag.String("host").pipe(
      Flag.withDescription(
        "With --http: the address to listen on (default: 127.0.0.1); others than loopback ones need a token"
      ),
      Flag.optional
    ),
    tokenFile: Flag.FileText("token-file").pipe(
      Flag.withDescription("With --http: a file with the token that clients show as Authorization: Bearer"),
      Flag.map((text) => Redacted.make(text.trim())),
      Flag.optional
    ),
    ...approvalFlags
  },
  ({ all, approve, host, http, port, tokenFile, yes }) =>
    withSetting(
      // The server half of the SDK takes a while to load.
      Effect.flatMap(
        Effect.promise(() => import("../mcp/serveMcp.ts")),
        ({ serveMcp }) => {
          const listening = {
            host: Option.getOrElse(host, () => "127.0.0.1"),
            port: Option.getOrElse(port, () => 4001),
            token: Option.getOrUndefined(tokenFile)
          }
          const idle = http ? [] : namesOfGiven({ "--port": port, "--host": host, "--token-file": tokenFile })
          return serveMcp({ all, approvals: { approve, yes } }, http ? listening : undefined, idle)
        }
      )
    )
).pipe(
  Command.withDescription("Be an MCP server on standard input and output, or over HTTP, with the built-in tools"),
  Command.withExamples([
    { command: "claude mcp add signalbox -- signalbox mcp serve", description: "As a server of Claude Code" },
    { command: "signalbox mcp serve --all", description: "With all servers of the configuration behind one" },
    { command: "signalbox mcp serve --http --port 4001", description: "At http://127.0.0.1:4001/mcp" }
  ])
)

export const mcp = Command.make("mcp").pipe(
  Command.withDescription("The tools of this configuration for other MCP clients"),
  Command.withSubcommands([serve])
)
