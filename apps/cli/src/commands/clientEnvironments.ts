import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const url = Flag.String("url").pipe(
  Flag.withDescription(
    "The address of the server: that of the one that runs, or of the configuration, where it is left out"
  ),
  Flag.optional
)

const forClient = <Name extends string>(name: Name, client: "claude" | "codex" | "opencode", shownName: string) =>
  Command.make(name, { url }, (given) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../models/clientEnvironment.ts")),
        ({ clientEnvironment }) => clientEnvironment(client, Option.getOrUndefined(given.url))
      )
    )
  ).pipe(
    Command.withDescription(`Print what a shell has to read so that ${shownName} talks to "signalbox serve"`),
    Command.withExamples([
      { command: `eval "$(signalbox ${name})"`, description: `Then ${shownName} is started as always` }
    ])
  )

export const claudeEnv = forClient("claude-env", "claude", "Claude Code")
export const codexEnv = forClient("codex-env", "codex", "Codex")
export const opencodeEnv = forClient("opencode-env", "opencode", "opencode")
