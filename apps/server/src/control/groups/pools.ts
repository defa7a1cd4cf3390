/**
 * The connection pools of the servers, by their keys.
 */
import { Host } from "@signalbox/host"
import { PoolNumbers, ServerInfoJson, serverInfoJson } from "@signalbox/orchestrator"
import { DateTime, Effect, Schema } from "effect"
import { HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { answered, apiFailures } from "../ApiFailure.ts"
import { apiOf, prefix, WellFormed } from "../controlGroup.ts"
import { PoolNotFound } from "../errors.ts"

const error = apiFailures
const params = { name: Schema.String }

/** The routes of the pools. */
export class PoolsGroup extends HttpApiGroup.make("pools")
  .add(
    HttpApiEndpoint.get("list", "/pools", { success: Schema.Record(Schema.String, PoolNumbers), error }),
    HttpApiEndpoint.get("get", "/pools/:name", { params, success: PoolNumbers, error }),
    // The pool of a server has the name of the server.
    HttpApiEndpoint.post("check", "/pools/:name/health-check", { params, success: ServerInfoJson, error })
  )
  .middleware(WellFormed)
  .prefix(prefix) {}

const pools = Effect.gen(function* () {
  const { orchestrator } = yield* Host
  return (yield* orchestrator.metrics.snapshot).pools
})

/** What the routes do. */
export const poolsRoutes = HttpApiBuilder.group(apiOf(PoolsGroup), "pools", (handlers) =>
  handlers
    .handle("list", () => answered(pools))
    .handle("get", ({ params: { name } }) =>
      answered(
        Effect.flatMap(pools, (all) => {
          const found = all[name]
          return found === undefined
            ? Effect.fail(new PoolNotFound({ pool: name, available: Object.keys(all) }))
            : Effect.succeed(found)
        })
      )
    )
    .handle("check", ({ params: { name } }) =>
      answered(
        Effect.gen(function* () {
          const info = yield* (yield* Host).orchestrator.check(name)
          return serverInfoJson(info, yield* DateTime.now)
        })
      )
    )
)
