import { collectTurn, successRate } from "@signalbox/conversation"
import { Host } from "@signalbox/host"
import { Interaction } from "@signalbox/model"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { makeApproving } from "../chat/approving.ts"
import { watchServers } from "../chat/watchServers.ts"
import { formatDuration } from "../duration.ts"
import { ToolCallsFailed } from "../errors.ts"
import { approvalFlags, modelFlags } from "../flags.ts"
import { Output } from "../Output.ts"
import { printTurn } from "../render/renderTurn.ts"
import { report } from "../report.ts"
import { choiceFlags, withHost } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

export const test = Command.make(
  "test",
  {
    message: Flag.String("message").pipe(
      Flag.withAlias("m"),
      Flag.withDescription("What to ask"),
      Flag.withDefault("Hello! What tools do you have available?")
    ),
    ...approvalFlags,
    ...modelFlags
  },
  ({ approve, message, yes, ...choice }) =>
    withSetting(
      withHost({ startsAll: true, tellsServers: true, flags: choiceFlags(choice) })(
        Effect.gen(function* () {
          const host = yield* Host
          const output = yield* Output
          yield* watchServers(host)
          yield* host.usable
          const { interaction, unasked } = makeApproving({ approve, yes }, Interaction.decline)
          const [took, result] = yield* Effect.timed(
            Effect.acquireUseRelease(
              host.conversations.start(),
              (session) => {
                const events = session.send(message, { interaction })
                return collectTurn(output.isJson ? events : printTurn({ streams: true })(events))
              },
              (session) => session.close
            )
          )
          const outcomes = result.steps.flatMap((step) => step.outcomes)
          return {
            text: result.text,
            finish_reason: result.finishReason,
            steps: result.steps.length,
            total_tool_calls: outcomes.length,
            successful: outcomes.filter(({ status }) => status === "ok").length,
            success_rate: successRate(outcomes),
            usage: result.usage,
            took,
            short: unasked()
          }
        }).pipe(Effect.scoped)
      ).pipe(
        report({
          render: (value) =>
            Effect.flatMap(Output, ({ line }) =>
              line(
                [
                  "",
                  `Steps: ${value.steps}, in ${formatDuration(value.took)}`,
                  `Total tool calls: ${value.total_tool_calls}`,
                  `Successful: ${value.successful}`,
                  `Success rate: ${(value.success_rate * 100).toFixed(1)}%`
                ].join("\n")
              )
            ),
          json: ({ short: _short, took: _took, ...value }) => value,
          shortfall: ({ short, successful, total_tool_calls: total }) =>
            short ?? (successful < total ? new ToolCallsFailed({ failed: total - successful, total }) : undefined)
        })
      )
    )
).pipe(
  Command.withDescription("Ask one thing and say how the tools did; exit code 3 when a call failed"),
  Command.withExamples([
    { command: 'signalbox test -m "read notes.txt"', description: "A smoke test of the configuration" }
  ])
)
