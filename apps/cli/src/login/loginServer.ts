/**
 * The server of the configuration that somebody logs in to, or out of. It need not be enabled.
 */
import { type LoadedConfig, managedServers, type ServerEntry } from "@signalbox/host"
import { nearestName } from "@signalbox/model"
import { ServerIncomplete, ServerNotFound } from "@signalbox/orchestrator"
import { Effect } from "effect"
import { InvalidUsage } from "../errors.ts"
import { Setting } from "../Setting.ts"
import { readConfig } from "../withHost.ts"

/** The others have nothing to do with it, and may lack a variable. */
const managedAlone = Effect.fnUntraced(function* (config: LoadedConfig, name: string, entry: ServerEntry) {
  const { environment } = yield* Setting
  const alone = { ...config, options: { ...config.options, servers: { [name]: { ...entry, enabled: true } } } }
  const [managed] = yield* managedServers(alone, environment)
  if (managed === undefined || managed.lacks.length === 0) return managed
  return yield* new ServerIncomplete({ serverName: name, lacks: managed.lacks })
})

/** Fails where the server is none that anybody logs in to, and says why. */
export const loginServer = Effect.fnUntraced(function* (command: string, name: string) {
  const config = yield* readConfig()
  const { servers } = config.options
  const entry = Object.hasOwn(servers, name) ? servers[name] : undefined
  if (entry === undefined) {
    const available = Object.keys(servers)
    return yield* new ServerNotFound({ serverName: name, nearest: nearestName(name, available), available })
  }
  const invalid = (reason: string) => new InvalidUsage({ command, reason: `${name} ${reason}` })
  if (entry.transport === "stdio") return yield* invalid("is a local server: it gets its credentials under env.")
  if (entry.auth === "none") return yield* invalid("takes no logins: its auth is none.")
  if (Object.keys(entry.headers).some((header) => header.toLowerCase() === "authorization"))
    return yield* invalid("has an Authorization header, which is used and no login.")
  const managed = yield* managedAlone(config, name, entry)
  return managed === undefined
    ? yield* invalid("cannot be reached.")
    : { server: managed.server, grant: entry.auth?.grant, port: entry.auth?.redirectPort ?? 0 }
})
