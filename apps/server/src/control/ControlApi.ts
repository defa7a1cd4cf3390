/**
 * The control API of a running host: one declaration for the server and for the client that is made from it.
 * A group of routes is one file in `groups`, with its schemas, its routes and what they do; it is named here twice.
 */
import { Layer } from "effect"
import { apiOf, WellFormed } from "./controlGroup.ts"
import { AgentsGroup, agentsRoutes } from "./groups/agents.ts"
import { BreakersGroup, breakersRoutes } from "./groups/breakers.ts"
import { HostGroup, hostRoutes } from "./groups/host.ts"
import { PoolsGroup, poolsRoutes } from "./groups/pools.ts"
import { ServersGroup, serversRoutes } from "./groups/servers.ts"
import { ToolsGroup, toolsRoutes } from "./groups/tools.ts"
import { WatchingGroup, watchingRoutes } from "./groups/watching.ts"

/** Everything that can be asked of a running host. */
export class ControlApi extends apiOf(ServersGroup)
  .add(ToolsGroup)
  .add(WatchingGroup)
  .add(PoolsGroup)
  .add(BreakersGroup)
  .add(AgentsGroup)
  .add(HostGroup) {}

/** What is done for it; needs `Host` and `ControlHost`. */
export const controlRoutes = Layer.mergeAll(
  serversRoutes,
  toolsRoutes,
  watchingRoutes,
  poolsRoutes,
  breakersRoutes,
  agentsRoutes,
  hostRoutes
).pipe(Layer.provide(WellFormed.layer))
