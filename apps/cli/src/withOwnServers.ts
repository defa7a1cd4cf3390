/**
 * For commands that start servers for themselves even where a host runs their configuration: they say so then.
 */
import { Effect } from "effect"
import { type HostRun, withHost } from "./withHost.ts"

const told = Effect.flatMap(
  Effect.promise(() => import("./control/runningHost.ts")),
  ({ tellApart }) => tellApart
)

/** As `withHost`, told of on stderr where another host runs. */
export const withOwnServers =
  (run: HostRun) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.andThen(told, withHost(run)(effect))
