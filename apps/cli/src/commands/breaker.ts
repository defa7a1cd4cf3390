import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const loaded = Effect.promise(() => import("../control/hostBreakers.ts"))

const name = {
  name: Argument.String("name").pipe(Argument.withDescription("As in signalbox servers list, or provider:NAME"))
}

const status = Command.make("status", {}, () =>
  withSetting(Effect.flatMap(loaded, ({ breakerStatus }) => breakerStatus))
).pipe(
  Command.withDescription("Every circuit: whether calls go through, and what has become of them"),
  Command.withExamples([
    { command: "signalbox breaker status --json", description: "By the names of the servers, and provider:NAME" }
  ])
)

const open = Command.make("open", name, ({ name }) =>
  withSetting(Effect.flatMap(loaded, ({ workBreaker }) => workBreaker("open", name)))
).pipe(
  Command.withDescription(
    "Keep all calls from a server or a provider until its circuit is closed or reset; a server goes on"
  ),
  Command.withExamples([{ command: "signalbox breaker open files", description: "Before you work on it" }])
)

const close = Command.make("close", name, ({ name }) =>
  withSetting(Effect.flatMap(loaded, ({ workBreaker }) => workBreaker("close", name)))
).pipe(
  Command.withDescription("Let calls through again"),
  Command.withExamples([{ command: "signalbox breaker close files", description: "The next failures count as usual" }])
)

const reset = Command.make("reset", name, ({ name }) =>
  withSetting(Effect.flatMap(loaded, ({ workBreaker }) => workBreaker("reset", name)))
).pipe(
  Command.withDescription("Let calls through again and forget what was counted"),
  Command.withExamples([{ command: "signalbox breaker reset files", description: "After it has been mended" }])
)

export const breaker = Command.make("breaker").pipe(
  Command.withDescription("The circuits of the running host, which keep calls from servers and providers that fail"),
  Command.withSubcommands([status, open, close, reset])
)
