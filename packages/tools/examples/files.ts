// Built-in tools over a folder: what may be changed, and what may not even be looked at.
import * as NodeServices from "@effect/platform-node/NodeServices"
import { localCall, resultText } from "@signalbox/model"
import { BuiltInTools, readOnlyTools, toolsDefaults } from "@signalbox/tools"
import { layerDirectFiles, layerWebAccess } from "@signalbox/tools/node"
import { Effect, FileSystem, Layer, Path } from "effect"

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* fs.makeTempDirectoryScoped()
  const cwd = path.join(folder, "work")
  yield* fs.makeDirectory(cwd)
  yield* fs.writeFileString(path.join(cwd, "a.txt"), "the old text\n")

  const { toolbox } = yield* BuiltInTools.make({
    ...toolsDefaults({ cwd, stateFolder: path.join(folder, "state") }),
    enabled: [...readOnlyTools, "Edit"]
  })
  const call = (name: string, input: Record<string, unknown>) =>
    Effect.map(toolbox.call(name, input, localCall()), (result) => resultText(result).split("\n")[0])

  console.log(yield* call("Edit", { file_path: "a.txt", old_string: "old", new_string: "new" }))
  // => a.txt was changed in 1 place.
  console.log(yield* call("Read", { file_path: "a.txt" }))
  // => 1	the new text
  console.log(yield* call("Read", { file_path: "../secret.txt" }))
  // => Error: PATH_REFUSED: The path "../secret.txt" is refused: it is outside the folders that the tools may use.
})

const node = Layer.mergeAll(NodeServices.layer, layerDirectFiles, layerWebAccess)
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(node)))
