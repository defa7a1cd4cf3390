import { redactText } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { Effect, Result, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output, renderError } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { withHost } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

/** What a failed start ended with: the next attempt may have begun meanwhile. */
const lastWordsOf = (failure: object): ReadonlyArray<string> | undefined =>
  "stderrTail" in failure && Array.isArray(failure.stderrTail) ? failure.stderrTail.map(String) : undefined

/** As many as are kept of a server. */
const mostLines = 50

export const serversLogs = Command.make(
  "logs",
  {
    name: Argument.String("name").pipe(Argument.withDescription("As in signalbox servers list")),
    tail: Flag.Int("tail").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Only the last lines, 1 to 50"),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: mostLines }))),
      Flag.withDefault(mostLines)
    )
  },
  ({ name, tail }) =>
    withSetting(
      withHost({ startsAll: false, needsNoModel: true })(
        Effect.gen(function* () {
          const { orchestrator } = yield* Host
          yield* orchestrator.server(name)
          const started = yield* Effect.result(orchestrator.start(name))
          const failure = Result.isFailure(started) ? started.failure : undefined
          const words = (failure === undefined ? undefined : lastWordsOf(failure)) ?? (yield* orchestrator.logs(name))
          return { name, lines: words.slice(-tail).map(redactText), failure }
        })
      ).pipe(
        report({
          render: ({ failure, lines }) =>
            Effect.gen(function* () {
              const { errorStyle, line, status } = yield* Output
              for (const text of lines) yield* line(printable(text))
              if (failure !== undefined) yield* status(renderError(failure, errorStyle))
            }),
          json: ({ lines, name }) => ({ name, lines }),
          shortfall: ({ failure }) => failure
        })
      )
    )
).pipe(
  Command.withDescription("Start a server, show what it writes to standard error, and stop it again"),
  Command.withExamples([{ command: "signalbox servers logs files --tail 5", description: "Its last five lines" }])
)
