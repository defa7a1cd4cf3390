/** A program with one stubborn server, to be killed from outside. Arguments: the marker of its processes. */
import { Effect } from "effect"
import { fx, orchestrateReal, ownerOf } from "./realServers.ts"

const [marker = ""] = process.argv.slice(2)

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const owner = yield* ownerOf(process.pid)
      const boxes = yield* orchestrateReal(
        [fx("stubborn", { ignoreEof: true, ignoreTerm: true, grandchild: true }, marker)],
        { owner, sweepsOrphans: process.argv.includes("sweep") }
      )
      yield* boxes.settled
      process.stdout.write(`${owner}\n`)
      return yield* Effect.never
    })
  )
)
