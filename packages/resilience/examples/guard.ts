import { defineError, statuses } from "@signalbox/errors"
import { Guard, guardPresets, guardSettings } from "@signalbox/resilience"
import { Effect } from "effect"

class ConnectionLost extends defineError<ConnectionLost>()("ConnectionLost", {
  code: "CONNECTION_LOST",
  status: statuses.badGateway,
  retryable: true,
  fields: {},
  message: () => "The connection was lost."
}) {}

// Any connection will do: opened by `connect`, closed by its scope. This one breaks at every third call.
let opened = 0
const open = Effect.acquireRelease(
  Effect.sync(() => ({ id: ++opened, calls: 0 })),
  ({ id }) => Effect.sync(() => console.log(`closed ${id}`))
)
const read = (connection: { readonly id: number; calls: number }) =>
  ++connection.calls > 2 ? Effect.fail(new ConnectionLost()) : Effect.succeed(`answer from ${connection.id}`)

const isLost = (error: unknown) => error instanceof ConnectionLost

const program = Effect.gen(function* () {
  const guard = yield* Guard.make({
    connect: () => open,
    settings: () => guardSettings(guardPresets.small, { retry: { base: "10 millis" }, pool: { min: 0 } }),
    counts: isLost, // what speaks against the other side
    invalidates: isLost, // after what a connection is not used again
    validate: () => Effect.succeed(true) // whether an idle one still works
  })
  yield* guard.register("files")

  for (let round = 0; round < 3; round++) console.log(yield* guard.run("files", read, { isRepeatable: true }))

  // A call that must not run twice is not tried again once it has begun.
  yield* guard.run("files", read)
  console.log((yield* Effect.flip(guard.run("files", read))).message)

  yield* guard.breaker.forceOpen("files")
  console.log((yield* Effect.flip(guard.run("files", read))).message)
})

await Effect.runPromise(Effect.scoped(program))
// => answer from 1
// => answer from 1
// => closed 1
// => answer from 2
// => closed 2
// => The connection was lost.
// => The circuit of "files" is open after repeated failures, so it was not called.
// => closed 3
