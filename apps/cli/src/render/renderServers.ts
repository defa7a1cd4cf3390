/**
 * Servers as people read them: a table, the live lines of a start, and the story of a failure.
 */
import type { SignalboxError } from "@signalbox/errors"
import { AuthorizationRequired } from "@signalbox/mcp"
import type { HealthStatus, ServerEvent, ServerInfo } from "@signalbox/orchestrator"
import { type DateTime, DateTime as DateTimes, Duration } from "effect"
import { formatDuration } from "../duration.ts"
import { counted, oneLine, printable, type Style } from "./style.ts"
import { renderTable } from "./table.ts"

/** What is said where there is nothing to show. */
export const noServers = "No servers are configured. Add those that other programs here have: signalbox servers import"

const stateOf = (info: ServerInfo, style: Style): string => {
  switch (info.state) {
    case "running":
      return runningOf(info.health.status, style)
    case "error":
      // The code, because a running host tells of it as JSON.
      return info.reason?.code === AuthorizationRequired.definition.code
        ? style.yellow("needs login")
        : style.red(info.state)
    case "stopped":
      return style.dim(info.state)
    default:
      return style.yellow(info.state)
  }
}

/** A server that runs may be in doubt, or fail most of its calls. */
const runningOf = (health: HealthStatus, style: Style): string => {
  if (health === "unhealthy") return style.red(health)
  return health === "degraded" ? style.yellow(health) : style.green("running")
}

/** That a server which runs now was lost before; nothing for one that runs since it was first started. */
const renderReturns = (
  { name, restartCount, startedAt, state }: ServerInfo,
  now: DateTime.Utc,
  style: Style
): ReadonlyArray<string> => {
  if (state !== "running" || restartCount === 0 || startedAt === undefined) return []
  const ago = formatDuration(until(startedAt, now))
  return [
    `${style.dim("~")} ${style.bold(name)} ${style.dim(`came back ${counted(restartCount, "time")}, last ${ago} ago`)}`
  ]
}

/** A table of all servers; failures, doubts and returns are explained below it. */
export const renderServers = (
  servers: ReadonlyArray<ServerInfo>,
  now: DateTime.Utc,
  style: Style,
  width: number
): string => {
  const header = ["server", "state", "tools", "transport", "version"].map((title) => style.dim(title))
  const rows = servers.map((info) => [
    style.bold(info.name),
    stateOf(info, style),
    info.hiddenTools.length > 0 ? style.dim(`${info.hiddenTools.length} hidden`) : String(info.tools.length),
    info.transport,
    info.identity === undefined
      ? ""
      : style.dim(printable(`${info.identity.name} ${info.identity.version} (${info.identity.protocolVersion})`))
  ])
  const reasons = servers
    .filter(({ reason }) => reason !== undefined)
    .map((info) => `${style.red("✗")} ${renderReason(info, style, width)}`)
  const doubts = servers
    .filter(
      ({ health, state }) => state === "running" && (health.status === "degraded" || health.status === "unhealthy")
    )
    .map(({ health, name }) => `${style.yellow("!")} ${style.bold(name)}: ${printable(health.reason ?? "")}`)
  const returns = servers.flatMap((info) => renderReturns(info, now, style))
  return [renderTable([header, ...rows]), ...reasons, ...doubts, ...returns].join("\n")
}

/** How many lines of standard error are shown below a failure; `signalbox servers status --json` has all that were kept. */
const shownLines = 3

const lastWords = (reason: SignalboxError, style: Style, width: number): ReadonlyArray<string> => {
  const lines = "stderrTail" in reason && Array.isArray(reason.stderrTail) ? reason.stderrTail.map(String) : []
  const written = lines.filter((line) => line.trim() !== "")
  // The last line alone stands in the message already.
  if (written.length < 2) return []
  return written.slice(-shownLines).map((line) => `  ${style.dim(`│ ${oneLine(printable(line), width - 4)}`)}`)
}

const renderReason = ({ name, reason }: ServerInfo, style: Style, width: number): string =>
  reason === undefined
    ? ""
    : [
        `${style.bold(name)}: ${printable(reason.message)} ${style.dim(`[${reason.code}]`)}`,
        ...lastWords(reason, style, width),
        ...(reason.hint === undefined ? [] : [`  ${style.dim("→")} ${printable(reason.hint)}`])
      ].join("\n")

const renderToolsChanged = (
  event: Extract<ServerEvent, { readonly _tag: "ToolsChanged" }>,
  style: Style,
  width: number
): string => {
  const told = [
    ["new", event.added] as const,
    ["gone", event.removed] as const,
    ["defined otherwise", event.changed] as const
  ]
  const parts = told.flatMap(([word, tools]) => (tools.length > 0 ? [`${word}: ${tools.join(", ")}`] : []))
  return `${style.cyan("~")} ${style.bold(event.serverName)} changed its tools (${oneLine(printable(parts.join("; ")), width - 30)})`
}

const renderHealthChanged = (
  { health, serverName }: Extract<ServerEvent, { readonly _tag: "HealthChanged" }>,
  style: Style,
  width: number
): string | undefined =>
  // An unhealthy one is lost at once, which is told by itself; a healthy one needs no attention.
  health.status === "degraded"
    ? `${style.yellow("!")} ${style.bold(serverName)} ${oneLine(printable(`may not answer: ${health.reason ?? ""}`), width - serverName.length - 4)}`
    : undefined

const renderCircuitChanged = (
  { circuit, hiddenTools, serverName }: Extract<ServerEvent, { readonly _tag: "CircuitChanged" }>,
  now: DateTime.Utc,
  style: Style,
  width: number
): string | undefined => {
  const name = style.bold(serverName)
  if (circuit.phase === "closed") return `${style.green("✓")} ${name} is called again`
  if (circuit.phase === "half-open") return undefined
  const wait = circuit.openUntil === undefined ? "" : ` for ${formatDuration(until(now, circuit.openUntil))}`
  const hidden = counted(hiddenTools.length, "tool")
  const text = `is not called${wait}, and hides ${hidden}: ${circuit.reason ?? ""}`
  return `${style.red("✗")} ${name} ${oneLine(printable(text), width - serverName.length - 4)}`
}

/** What a person should see when a server changes; nothing for what needs no attention. */
export const renderServerEvent = (
  event: ServerEvent,
  now: DateTime.Utc,
  style: Style,
  width: number
): string | undefined => {
  if (event._tag === "ToolsChanged") return renderToolsChanged(event, style, width)
  if (event._tag === "HealthChanged") return renderHealthChanged(event, style, width)
  if (event._tag === "CircuitChanged") return renderCircuitChanged(event, now, style, width)
  const { info, previous } = event
  if (info.state === "running") {
    const took = info.startDuration === undefined ? "" : ` in ${formatDuration(info.startDuration)}`
    const again = info.restartCount > 0 ? "is back" : "is ready"
    return `${style.green("✓")} ${style.bold(info.name)} ${again}${took}, ${counted(info.tools.length, "tool")}`
  }
  if (info.state !== "error") return undefined
  const mark = previous === "running" ? style.red("✗ lost") : style.red("✗")
  const told = `${mark} ${renderReason(info, style, width)}`
  if (info.nextRestartAt === undefined) return `${told}\n  ${style.dim("→")} It is not started again by itself.`
  const wait = formatDuration(until(now, info.nextRestartAt))
  return `${told}\n  ${style.dim("→")} It is started again in ${wait}; the other servers go on.`
}

const until = (now: DateTime.Utc, then: DateTime.Utc): Duration.Duration =>
  Duration.millis(Math.max(0, DateTimes.toEpochMillis(then) - DateTimes.toEpochMillis(now)))
