/**
 * The flags that every command takes.
 */
import { readPattern } from "@signalbox/conversation"
import { Option, Redacted } from "effect"
import { Flag, GlobalFlag } from "effect/cli"

export const JsonFlag = GlobalFlag.Setting("json")({
  flag: Flag.Boolean("json").pipe(
    Flag.withDescription("Print one JSON object: status, data, error, duration"),
    Flag.withDefault(false)
  )
})

export const ConfigFlag = GlobalFlag.Setting("config")({
  flag: Flag.String("config").pipe(
    Flag.withAlias("c"),
    Flag.withMetavar("FILE"),
    Flag.withDescription("Configuration file (default: signalbox.yaml here, or $SIGNALBOX_CONFIG)"),
    Flag.optional
  )
})

export const LogLevelFlag = GlobalFlag.Setting("log-level")({
  flag: Flag.Literals("log-level", ["trace", "debug", "info", "warn", "error", "none"]).pipe(
    Flag.withDescription("How much is logged, to stderr"),
    Flag.optional
  )
})

export const VerboseFlag = GlobalFlag.Setting("verbose")({
  flag: Flag.Boolean("verbose").pipe(
    Flag.withAlias("v"),
    Flag.withDescription("Log what happens in detail, as --log-level debug does"),
    Flag.withDefault(false)
  )
})

/** Effect's own takes `-v` for itself, wherever it stands; alone it is answered before anything is loaded. */
export const VersionFlag = GlobalFlag.Action({
  flag: Flag.Boolean("version").pipe(Flag.withDescription("Show the version"), Flag.withDefault(false)),
  run: GlobalFlag.Version.run
})

export const LogFormatFlag = GlobalFlag.Setting("log-format")({
  flag: Flag.Literals("log-format", ["pretty", "json", "logfmt"]).pipe(
    Flag.withDescription("How log lines look (default: pretty on a terminal, else json)"),
    Flag.optional
  )
})

export const TimeoutFlag = GlobalFlag.Setting("timeout")({
  flag: Flag.String("timeout").pipe(
    Flag.withMetavar("TIME"),
    Flag.withDescription("Give up after this long: 500ms, 30s, 5m. Exit code 4"),
    Flag.optional
  )
})

export const NoColorFlag = GlobalFlag.Setting("no-color")({
  flag: Flag.Boolean("no-color").pipe(
    Flag.withDescription("Print no colours (also: NO_COLOR=1)"),
    Flag.withDefault(false)
  )
})

export const globalFlags = [
  JsonFlag,
  ConfigFlag,
  LogLevelFlag,
  VerboseFlag,
  LogFormatFlag,
  TimeoutFlag,
  NoColorFlag
] as const

/** Flags of the commands that talk to a model. */
export const modelFlags = {
  provider: Flag.String("provider").pipe(
    Flag.withAlias("p"),
    Flag.withDescription("Which provider answers: auto, offline, or one of the configuration (claude, openai, …)"),
    Flag.optional
  ),
  model: Flag.String("model").pipe(
    Flag.withDescription("The provider's name for the model, or provider/model"),
    Flag.optional
  ),
  apiKey: Flag.Redacted("api-key").pipe(
    Flag.withAlias("k"),
    Flag.withDescription("The provider's key. Others can see it in the list of processes: prefer --api-key-file"),
    Flag.optional
  ),
  apiKeyFile: Flag.FileText("api-key-file").pipe(
    Flag.map((text) => Redacted.make(text.trim())),
    Flag.withDescription("A file that holds the provider's key"),
    Flag.optional
  ),
  maxSteps: Flag.Int("max-steps").pipe(
    Flag.withAlias("s"),
    Flag.withDescription("The most model calls for one message, 2 or more: one to call tools, one to answer"),
    Flag.filter(
      (count) => count >= 2,
      () => "a whole number, 2 or more"
    ),
    Flag.optional
  )
}

/** Of commands that hold a conversation. */
export const recordFlag = {
  record: Flag.String("record").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("Record everything into a new file, without secrets: signalbox replay FILE runs it again"),
    Flag.optional
  )
}

/** Of commands that ask before they do it. */
export const confirmedFlag = Flag.Boolean("yes").pipe(
  Flag.withAlias("y"),
  Flag.withDescription("Do it without a question"),
  Flag.withDefault(false)
)

/** Flags of the commands whose model may call tools that need approval. */
export const approvalFlags = {
  yes: Flag.Boolean("yes").pipe(
    Flag.withAlias("y"),
    Flag.withDescription("Approve every tool call that needs approval; what is denied stays so"),
    Flag.withDefault(false)
  ),
  approve: Flag.String("approve").pipe(
    Flag.withMetavar("RULE"),
    Flag.withDescription(
      "Approve calls of a tool: write_file, files__*, or 'write_file(path=/tmp/*)'. May be repeated"
    ),
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(readPattern(text)),
      (text) => `a tool, or tool(argument=pattern), and not ${JSON.stringify(text)}`
    ),
    Flag.atLeast(0)
  )
}
