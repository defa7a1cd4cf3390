/**
 * The circuits of servers and providers, which keep calls away from those that fail: how they are, and working them by
 * hand.
 */
import { type AllCircuits, Host } from "@signalbox/host"
import { CircuitNumbers, type ServerNotFound } from "@signalbox/orchestrator"
import { Effect, Schema } from "effect"
import { HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { answered, apiFailures } from "../ApiFailure.ts"
import { apiOf, prefix, WellFormed } from "../controlGroup.ts"

const error = apiFailures
const params = { name: Schema.String }
/** By the names of the servers; those of providers are called `provider:NAME`. */
const success = Schema.Record(Schema.String, CircuitNumbers)

/** The routes of the circuits. Each answers with all that it is about, as they are then. */
export class BreakersGroup extends HttpApiGroup.make("breakers")
  .add(
    HttpApiEndpoint.get("list", "/breakers", { success, error }),
    HttpApiEndpoint.post("open", "/breakers/:name/open", { params, success, error }),
    HttpApiEndpoint.post("close", "/breakers/:name/close", { params, success, error }),
    HttpApiEndpoint.post("reset", "/breakers/:name/reset", { params, success, error })
  )
  .middleware(WellFormed)
  .prefix(prefix) {}

const circuits = Effect.gen(function* () {
  const { allCircuits } = yield* Host
  return yield* allCircuits.snapshot
})

const work = (act: (circuits: AllCircuits, name: string) => Effect.Effect<void, ServerNotFound>) =>
  Effect.fnUntraced(function* ({ params: { name } }: { readonly params: { readonly name: string } }) {
    yield* act((yield* Host).allCircuits, name)
    return Object.fromEntries(Object.entries(yield* circuits).filter(([circuit]) => circuit === name))
  }, answered)

/** What the routes do. */
export const breakersRoutes = HttpApiBuilder.group(apiOf(BreakersGroup), "breakers", (handlers) =>
  handlers
    .handle("list", () => answered(circuits))
    .handle(
      "open",
      work(({ open }, name) => open(name))
    )
    .handle(
      "close",
      work(({ close }, name) => close(name))
    )
    .handle(
      "reset",
      work(({ reset }, name) => reset(name))
    )
)
