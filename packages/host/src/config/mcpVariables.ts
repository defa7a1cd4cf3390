/**
 * Variables by which other MCP hosts are set up, and the keys that mean the same here. Their times are in seconds.
 */
import { type ConfigPath, readScalar } from "./document.ts"

/** A variable beside the one that is named after its key. */
export interface Shorthand {
  readonly variable: string
  readonly path: ConfigPath
  /** What its text says, in the terms of the key; nothing where it leaves the key as it is. */
  readonly read: (text: string) => unknown
  /** Whether a text is meant for us, where others read the variable, too. Absent: always. */
  readonly counts?: (text: string, providers: ReadonlySet<string>) => boolean
}

/** Theirs is a number, ours a text with its unit. */
export const seconds = (text: string): unknown => (/^\d+(\.\d+)?$/.test(text.trim()) ? `${text.trim()} seconds` : text)

/** "Disable" is the other way round here; what is no boolean stays, so that it is told. */
const opposite = (text: string): unknown => {
  const value = readScalar(text)
  return typeof value === "boolean" ? !value : value
}

/** Says no more than that there is to be a level for finding faults. */
export const debugLevel = (text: string): unknown => {
  const value = readScalar(text)
  if (value === false) return undefined
  return value === true ? "debug" : value
}

/** Switches all servers off, as if each had `enabled: false`. */
export const enabledVariable = "MCP_ENABLED"

/** Names a file with all servers, where no variable of ours does. */
export const catalogVariable = "MCP_CONFIG_PATH"

/** All others, each for one key. A later one of two for the same key counts. */
export const mcpVariables: ReadonlyArray<Shorthand> = [
  { variable: "MCP_DEBUG", path: ["logging", "level"], read: debugLevel },
  { variable: "MCP_LOG_LEVEL", path: ["logging", "level"], read: readScalar },
  { variable: "MCP_LOG_FILE", path: ["logging", "file"], read: (text) => text },
  { variable: "MCP_ENABLE_MOCKS", path: ["testing", "mocks"], read: readScalar },
  { variable: "MCP_SINGLE_CONNECTION", path: ["testing", "singleConnection"], read: readScalar },
  { variable: "MCP_DISABLE_HEALTH_CHECKS", path: ["testing", "healthChecks"], read: opposite },
  { variable: "MCP_MAX_REQUEST_SIZE", path: ["runtime", "maxRequestBytes"], read: readScalar },
  { variable: "MCP_MAX_RESPONSE_SIZE", path: ["runtime", "maxMessageBytes"], read: readScalar },
  { variable: "MCP_MAX_TOTAL_CONNECTIONS", path: ["runtime", "maxTotalConnections"], read: readScalar },
  { variable: "MCP_CONNECTION_TIMEOUT", path: ["runtime", "connectTimeout"], read: seconds },
  { variable: "MCP_DEFAULT_RETRIES", path: ["runtime", "restart", "maxRestarts"], read: readScalar },
  { variable: "MCP_POOL_MIN_CONNECTIONS", path: ["runtime", "sessions", "min"], read: readScalar },
  { variable: "MCP_POOL_MAX_CONNECTIONS", path: ["runtime", "sessions", "max"], read: readScalar },
  { variable: "MCP_MAX_IDLE_TIME", path: ["runtime", "sessions", "idleTimeToLive"], read: seconds },
  { variable: "MCP_HEALTH_CHECK_INTERVAL", path: ["runtime", "health", "interval"], read: seconds },
  { variable: "MCP_METRICS_INTERVAL", path: ["runtime", "metrics", "refresh"], read: seconds },
  { variable: "MCP_ENABLE_CIRCUIT_BREAKERS", path: ["runtime", "breaker", "enabled"], read: readScalar },
  { variable: "MCP_CIRCUIT_BREAKER_FAILURE_THRESHOLD", path: ["runtime", "breaker", "failures"], read: readScalar },
  { variable: "MCP_CIRCUIT_BREAKER_RECOVERY_TIMEOUT", path: ["runtime", "breaker", "openFor"], read: seconds }
]
