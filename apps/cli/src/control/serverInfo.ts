/**
 * A server as another process has told it, in the form in which our own are shown.
 */
import type { ServerInfo, ServerInfoJson } from "@signalbox/orchestrator"
import { hostFailure } from "@signalbox/server/control"
import { DateTime, Duration, Option } from "effect"

const time = (text: string | null): DateTime.Utc | undefined =>
  text === null ? undefined : Option.getOrUndefined(Option.map(DateTime.make(text), DateTime.toUtc))

const identityOf = (told: ServerInfoJson): ServerInfo["identity"] =>
  told.server_name === null || told.era === null
    ? undefined
    : {
        name: told.server_name,
        version: told.server_version ?? "",
        protocolVersion: told.protocol_version ?? "",
        era: told.era,
        instructions: undefined
      }

/** The JSON form says null for what is not known. */
const known = <A>(value: A | null): A | undefined => value ?? undefined

const exitOf = ({ exit_code: code, exit_signal: signal }: ServerInfoJson): ServerInfo["exit"] =>
  code === null && signal === null ? undefined : { code: known(code), signal: known(signal) }

const circuitOf = ({ circuit: phase, circuit_open_until: until }: ServerInfoJson): ServerInfo["circuit"] =>
  phase === "closed" ? undefined : { phase, openUntil: time(until), reason: undefined }

/** One that is just tried again has no reason of its own; what it failed with is what a person looks for. */
const reasonOf = (told: ServerInfoJson) =>
  hostFailure(told.error) ??
  (told.state === "starting" && told.error_count > 0 ? hostFailure(told.last_error) : undefined)

/** What was told, as far as it is shown. */
export const serverInfoOf = (told: ServerInfoJson): ServerInfo => ({
  name: told.name,
  state: told.state,
  transport: told.transport,
  url: known(told.url),
  pid: known(told.pid),
  identity: identityOf(told),
  health: { status: told.health, reason: known(told.health_reason) },
  isRequired: told.required,
  reason: reasonOf(told),
  lastError: hostFailure(told.last_error),
  errorCount: told.error_count,
  nextRestartAt: time(told.next_restart_at),
  startedAt: time(told.started_at),
  startDuration: told.start_duration_ms === null ? undefined : Duration.millis(told.start_duration_ms),
  restartCount: told.restart_count,
  exit: exitOf(told),
  circuit: circuitOf(told),
  hiddenTools: told.hidden_tools,
  tools: told.tools,
  areToolsRemembered: told.tools_remembered
})
