import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { report } from "../report.ts"
import { withSetting } from "../withSetting.ts"

/** Loaded when it is needed: it knows the files of many programs. */
const load = Effect.promise(() =>
  Promise.all([import("../servers/importForeign.ts"), import("../servers/renderImport.ts")])
)

export const serversImport = Command.make(
  "import",
  {
    from: Flag.String("from").pipe(
      Flag.withMetavar("APP"),
      Flag.withDescription(
        "Only of this program: claude-desktop, claude-code, cursor, vscode, codex …; again for more"
      ),
      Flag.atLeast(0)
    ),
    server: Flag.String("server").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription("Add this server, without being asked; again for more"),
      Flag.atLeast(0)
    ),
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Add every server that is not there already"),
      Flag.withDefault(false)
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Show what there is, and write nothing"),
      Flag.withDefault(false)
    ),
    noCheck: Flag.Boolean("no-check").pipe(
      Flag.withDescription("Start no server to see whether it works"),
      Flag.withDefault(false)
    )
  },
  (options) =>
    withSetting(
      Effect.flatMap(load, ([{ importForeign }, { importJson, renderImport }]) =>
        importForeign(options).pipe(report({ render: renderImport, json: importJson }))
      )
    )
).pipe(
  Command.withDescription("Find the servers that other programs here have, try them, and add those that you choose"),
  Command.withExamples([
    { command: "signalbox servers import --dry-run", description: "Everything that there is, and how it does" },
    { command: "signalbox servers import", description: "Choose from a list" },
    { command: "signalbox servers import --from cursor --all", description: "All of one program, without being asked" }
  ])
)
