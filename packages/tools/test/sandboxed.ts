/**
 * A program of its own for another user: what a command sees in the sandbox of the folder that is given.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Interaction, localCall, resultText } from "@signalbox/model"
import { BuiltInTools, toolsDefaults } from "@signalbox/tools"
import { layerDirectFiles, layerWebAccess } from "@signalbox/tools/node"
import { Effect, Layer } from "effect"

const [, , cwd = "."] = process.argv
const options = toolsDefaults({ cwd, stateFolder: `${cwd}/state` })
const command = "id -u; echo made | tee made.txt; touch /usr/x 2>&1 | grep -o 'Read-only file system'"

const approve: Interaction["approve"] = () => Effect.succeed({ isApproved: true, remember: "once" })

const shown = await Effect.gen(function* () {
  const { toolbox } = yield* BuiltInTools.make({
    ...options,
    enabled: ["Bash"],
    commands: { ...options.commands, sandbox: "required" }
  })
  const context = localCall({ interaction: { ...Interaction.decline, approve } })
  return resultText(yield* toolbox.call("Bash", { command }, context))
}).pipe(
  Effect.scoped,
  Effect.provide(Layer.mergeAll(NodeServices.layer, layerDirectFiles, layerWebAccess)),
  Effect.runPromise
)
process.stdout.write(`${shown}\n`)
