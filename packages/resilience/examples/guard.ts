import { defineError, statuses } from "@signalbox/errors"
import { CircuitBreaker, ConnectionPool, retry, retryPolicy } from "@signalbox/resilience"
import { Effect } from "effect"

class ConnectionLost extends defineError<ConnectionLost>()("ConnectionLost", {
  code: "CONNECTION_LOST",
  status: statuses.badGateway,
  retryable: true,
  fields: {},
  message: () => "The connection was lost."
}) {}

// Any connection will do: opened by `acquire`, closed by its scope.
let opened = 0
const open = Effect.acquireRelease(
  Effect.sync(() => ({ id: ++opened, calls: 0 })),
  ({ id }) => Effect.sync(() => console.log(`closed ${id}`))
)

const isLost = (error: unknown) => error instanceof ConnectionLost

const program = Effect.gen(function* () {
  const pool = yield* ConnectionPool.make({
    acquire: () => open,
    settings: () => ({
      min: 0,
      max: 2,
      maxConcurrent: 1,
      acquireTimeout: "10 seconds",
      idleTimeToLive: "5 minutes"
    }),
    invalidates: isLost
  })
  const breaker = yield* CircuitBreaker.make({
    settings: () => ({ failureThreshold: 5, openFor: "60 seconds", successThreshold: 2, maxProbes: 3 }),
    counts: isLost
  })
  yield* pool.register("files")

  const call = breaker.protect(
    "files",
    pool.withConnection("files", (connection) =>
      ++connection.calls > 2 ? Effect.fail(new ConnectionLost()) : Effect.succeed(`answer from ${connection.id}`)
    )
  )
  const again = retry(retryPolicy({ attempts: 3, base: "10 millis", factor: 2, cap: "1 second", jitter: "equal" }))
  for (let round = 0; round < 3; round++) console.log(yield* again(call))

  yield* breaker.forceOpen("files")
  console.log((yield* Effect.flip(call)).message)
})

await Effect.runPromise(Effect.scoped(program))
// => answer from 1
// => answer from 1
// => closed 1
// => answer from 2
// => The circuit of "files" is open after repeated failures, so it was not called.
// => closed 2
