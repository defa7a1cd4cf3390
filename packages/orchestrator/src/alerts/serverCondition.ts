/**
 * How one server has fared, as far as alerts ask: put together from its events.
 */
import type { ServerEvent, ServerHealth, ServerState } from "../ServerInfo.ts"

/** A server at a moment. */
export interface ServerCondition {
  readonly state: ServerState
  /** By its checks alone. */
  readonly health: ServerHealth
  /** Since when it has not run although it should, in milliseconds since 1970. */
  readonly downSince: number | undefined
  readonly reason: string | undefined
  /** Why it was given up because of its checks, which it has not passed again yet. */
  readonly givenUp: string | undefined
}

/** Nothing has happened yet. */
export const initialCondition: ServerCondition = {
  state: "stopped",
  health: { status: "unknown", reason: undefined },
  downSince: undefined,
  reason: undefined,
  givenUp: undefined
}

/** The condition after an event. */
export const nextCondition = (before: ServerCondition, event: ServerEvent, now: number): ServerCondition => {
  if (event._tag === "ToolsChanged" || event._tag === "CircuitChanged") return before
  if (event._tag === "HealthChanged") {
    return { ...before, health: event.health, givenUp: stillGivenUp(before.givenUp, event.health) }
  }
  const { health, reason, state } = event.info
  const condition = { ...before, state, health }
  switch (state) {
    case "stopped":
    case "stopping":
      return { ...initialCondition, state }
    case "running":
      return { ...condition, downSince: undefined, reason: undefined, givenUp: stillGivenUp(before.givenUp, health) }
    case "error":
      return {
        ...condition,
        downSince: before.downSince ?? now,
        reason: reason?.message,
        givenUp: reason?._tag === "ServerUnhealthy" ? reason.message : before.givenUp
      }
    case "starting":
      return condition
  }
}

const stillGivenUp = (reason: string | undefined, health: ServerHealth): string | undefined =>
  health.status === "healthy" ? undefined : reason

/** Whether rules may see another server now: not so for one that starts well, or many would be looked at for nothing. */
export const isNews = (before: ServerCondition, after: ServerCondition): boolean =>
  before.downSince !== after.downSince ||
  before.givenUp !== after.givenUp ||
  before.health.reason !== after.health.reason
