/**
 * A server as another process has told it, in the form in which our own are shown.
 */
import { type ServerInfo, type ServerInfoJson } from "@signalbox/orchestrator"
import { hostFailure, type ToldFailure } from "@signalbox/server/control"
import { DateTime, Duration, Option, Predicate } from "effect"

const time = (text: string | null): DateTime.Utc | undefined =>
  text === null ? undefined : Option.getOrUndefined(Option.map(DateTime.make(text), DateTime.toUtc))

const isTold = (error: unknown): error is ToldFailure =>
  Predicate.hasProperty(error, "error_code") && Predicate.hasProperty(error, "message")

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

const circuitOf = ({ circuit, circuit_open_until }: ServerInfoJson): ServerInfo["circuit"] =>
  circuit === "closed" ? undefined : { phase: circuit, openUntil: time(circuit_open_until), reason: undefined }

/** What was told, as far as it is shown: the last failure is known only while it lasts. */
export const serverInfoOf = (told: ServerInfoJson): ServerInfo => {
  const reason = isTold(told.error) ? hostFailure(told.error) : undefined
  return {
    name: told.name,
    state: told.state,
    transport: told.transport,
    url: told.url ?? undefined,
    pid: told.pid ?? undefined,
    identity: identityOf(told),
    health: { status: told.health, reason: told.health_reason ?? undefined },
    isRequired: told.required,
    reason,
    lastError: reason,
    errorCount: told.error_count,
    nextRestartAt: time(told.next_restart_at),
    startedAt: time(told.started_at),
    startDuration: told.start_duration_ms === null ? undefined : Duration.millis(told.start_duration_ms),
    restartCount: told.restart_count,
    exit:
      told.exit_code === null && told.exit_signal === null
        ? undefined
        : { code: told.exit_code ?? undefined, signal: told.exit_signal ?? undefined },
    circuit: circuitOf(told),
    hiddenTools: told.hidden_tools,
    tools: told.tools,
    areToolsRemembered: told.tools_remembered
  }
}
