// Adds to-dos from a process of its own: `node todoWriter.ts HOME NAME COUNT`.
import { localCall } from "@signalbox/model"
import { BuiltInTools, toolNames, toolsDefaults } from "@signalbox/tools"
import { Effect } from "effect"
import { join } from "node:path"
import { node } from "./support.ts"

const [home = "", name = "", count = ""] = process.argv.slice(2)
const options = toolsDefaults({ cwd: join(home, "work"), stateFolder: join(home, "state") })

const program = Effect.gen(function* () {
  const { toolbox } = yield* BuiltInTools.make({ ...options, enabled: toolNames })
  for (let index = 0; index < Number(count); index++) {
    const result = yield* toolbox.call("TodoWrite", { action: "add", title: `${name} ${index}` }, localCall())
    if (result.isError) return yield* Effect.die(new Error(JSON.stringify(result)))
  }
})
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(node)))
