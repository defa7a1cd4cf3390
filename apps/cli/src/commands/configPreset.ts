import { presets, sizingPresets } from "@signalbox/host"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { withSetting } from "../withSetting.ts"

/** Every value of a preset with its key. */
const leavesOf = (value: unknown, path = ""): ReadonlyArray<readonly [path: string, value: unknown]> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === "" ? key : `${path}.${key}`))
    : [[path, value]]

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.sync(() =>
      [...presets].map(([name, { purpose, values }]) => ({ name, purpose, servers: sizingPresets.has(name), values }))
    ).pipe(
      report({
        render: (shown) =>
          Effect.gen(function* () {
            const { line, style } = yield* Output
            for (const { name, purpose, servers, values } of shown) {
              yield* line(`${style.bold(name)}  ${purpose}`)
              // The complete one is what stands in every new file, with comments.
              if (!servers) continue
              yield* line(renderTable(leavesOf(values).map(([key, value]) => [`  ${key}`, String(value)])))
            }
          })
      })
    )
  )
).pipe(
  Command.withDescription(
    "The named sets of values that a configuration, or one server in it, may extend, with each value"
  ),
  Command.withExamples([
    { command: "signalbox config preset list", description: 'For "extends: preset:small@1" in a server' },
    { command: "signalbox config preset list --json", description: "With all values of the complete one, too" }
  ])
)

export const configPreset = Command.make("preset").pipe(
  Command.withDescription("The presets that a configuration may extend"),
  Command.withSubcommands([list])
)
