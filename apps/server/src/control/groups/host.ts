/**
 * The host itself: what it is, what it is configured with, taking up a changed file, and its end.
 */
import { toJson } from "@signalbox/errors"
import { Host, type Reloaded } from "@signalbox/host"
import { ServerNotFound } from "@signalbox/orchestrator"
import { Effect, Schema } from "effect"
import { HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { answered, apiFailures } from "../ApiFailure.ts"
import { ControlHost } from "../ControlHost.ts"
import { apiOf, prefix, WellFormed } from "../controlGroup.ts"
import { HostRecord } from "../HostRecord.ts"

const names = Schema.Array(Schema.String)

/** What is left of an error when its class is not known. */
const anError = Schema.Record(Schema.String, Schema.Unknown)

/** What a changed configuration file has changed. */
export const ReloadedJson = Schema.Struct({
  added: names,
  removed: names,
  changed: names,
  unchanged: names,
  /** Those whose new options do not work: they go on by their old ones. */
  kept: Schema.Array(Schema.Struct({ server_name: Schema.String, error: anError })),
  /** The same of agents, and of their servers. */
  agents: Schema.Struct({
    added: names,
    removed: names,
    changed: names,
    unchanged: names,
    kept: Schema.Array(Schema.Struct({ agent: Schema.String, server_name: Schema.String, error: anError }))
  }),
  /** Clients of the HTTP server, by the names of their keys. */
  clients: Schema.Struct({ added: names, removed: names, changed: names }),
  /** Whether there are other built-in tools, or other policies and limits for them. */
  tools_changed: Schema.Boolean,
  approval_changed: Schema.Boolean,
  /** Keys that are only read when a program starts. */
  needs_restart: names
})
export interface ReloadedJson extends Schema.Schema.Type<typeof ReloadedJson> {}

/** Values of the configuration by dotted path, each with who set it. Secrets are masked. */
const ConfigJson = Schema.Struct({
  file: Schema.NullOr(Schema.String),
  values: Schema.Array(Schema.Struct({ path: Schema.String, value: Schema.Unknown, origin: Schema.String }))
})

const error = apiFailures

/** The routes of the host. */
export class HostGroup extends HttpApiGroup.make("host")
  .add(
    HttpApiEndpoint.get("about", "/host", { success: HostRecord, error }),
    HttpApiEndpoint.get("config", "/config", { success: ConfigJson, error }),
    HttpApiEndpoint.get("configOf", "/config/:name", { params: { name: Schema.String }, success: ConfigJson, error }),
    HttpApiEndpoint.post("reload", "/reload", { success: ReloadedJson, error }),
    HttpApiEndpoint.post("shutdown", "/shutdown", { success: HostRecord, error })
  )
  .middleware(WellFormed)
  .prefix(prefix) {}

/** What a server is given is its own business, whatever it is called. */
const isGivenToServer = (path: string): boolean => /^servers\.[^.]+\.(?:env|headers)\./.test(path)

const masked = (path: string, value: unknown): unknown =>
  isGivenToServer(path) && !(typeof value === "string" && /\benv:[A-Za-z_]/.test(value)) ? "<redacted>" : value

const currentConfig = Effect.flatMap(Host, ({ reload }) => reload.current)

const configOf = Effect.fnUntraced(function* (isShown: (path: string) => boolean) {
  const config = yield* currentConfig
  const values = config.origins
    .filter(({ path }) => isShown(path))
    .map(({ origin, path, value }) => ({ path, value: masked(path, value) ?? null, origin }))
  return { file: config.file ?? null, values }
})

const reloadedJson = ({
  agents,
  areToolsChanged,
  clients,
  isApprovalChanged,
  kept,
  needsRestart,
  ...rest
}: Reloaded): ReloadedJson => ({
  added: rest.added,
  removed: rest.removed,
  changed: rest.changed,
  unchanged: rest.unchanged,
  kept: kept.map(({ error, serverName }) => ({ server_name: serverName, error: { ...toJson(error) } })),
  agents: {
    added: agents.added,
    removed: agents.removed,
    changed: agents.changed,
    unchanged: agents.unchanged,
    kept: agents.kept.map(({ agentName, error, serverName }) => ({
      agent: agentName,
      server_name: serverName,
      error: { ...toJson(error) }
    }))
  },
  clients,
  tools_changed: areToolsChanged,
  approval_changed: isApprovalChanged,
  needs_restart: needsRestart
})

/** What the routes do. */
export const hostRoutes = HttpApiBuilder.group(apiOf(HostGroup), "host", (handlers) =>
  handlers
    .handle("about", () => answered(Effect.map(ControlHost, ({ record }) => record())))
    .handle("config", () => answered(configOf(() => true)))
    .handle("configOf", ({ params: { name } }) =>
      answered(
        Effect.gen(function* () {
          const found = yield* configOf((path) => path.startsWith(`servers.${name}.`))
          const { options } = yield* currentConfig
          const available = Object.keys(options.servers)
          return available.includes(name)
            ? found
            : yield* new ServerNotFound({ serverName: name, nearest: undefined, available })
        })
      )
    )
    .handle("reload", () => answered(Effect.flatMap(Host, ({ reload }) => Effect.map(reload.reload, reloadedJson))))
    .handle("shutdown", () =>
      answered(Effect.flatMap(ControlHost, ({ record, shutdown }) => Effect.as(shutdown, record())))
    )
)
