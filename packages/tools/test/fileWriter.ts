// Changes files from a process of its own: `node fileWriter.ts HOME NAME COUNT`. The images of them go to one folder.
import { localCall } from "@signalbox/model"
import { BuiltInTools, toolNames, toolsDefaults } from "@signalbox/tools"
import { Effect } from "effect"
import { join } from "node:path"
import { node } from "./support.ts"

const [home = "", name = "", count = ""] = process.argv.slice(2)
const options = toolsDefaults({ cwd: join(home, "work"), stateFolder: join(home, "state") })
const undo = { folder: join(home, "undo"), maxChanges: 5, maxBytes: 1_000_000 }

const program = Effect.gen(function* () {
  const { toolbox } = yield* BuiltInTools.make({ ...options, enabled: toolNames, undo })
  for (let index = 0; index < Number(count); index++) {
    const input = { file_path: `${name}.txt`, content: `${name} ${index}` }
    const result = yield* toolbox.call("Write", input, localCall())
    if (result.isError) return yield* Effect.die(new Error(JSON.stringify(result)))
  }
})
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(node)))
