/**
 * Variables by which other gateways are set up, and the keys that mean the same here. Several are names that all kinds
 * of programs read (`HOST`, `DEBUG`, `ANTHROPIC_MODEL`): only a text that makes sense for the key is meant for us.
 */
import { readScalar } from "./document.ts"
import type { FoundProblem } from "./layers.ts"
import { debugLevel, type Shorthand, seconds } from "./mcpVariables.ts"

type Environment = Readonly<Record<string, string | undefined>>
type Providers = ReadonlySet<string>

const namesProvider = (text: string, providers: Providers): boolean =>
  text.includes("/") && providers.has(text.slice(0, text.indexOf("/")))

/** Some shells keep the name of the machine in `HOST`. */
const isAddress = (text: string): boolean => /^(localhost|\d+(\.\d+){3}|\[?[\da-f]*:[\da-f:.]+\]?)$/i.test(text)

const isCount = (text: string): boolean => /^\d+$/.test(text)

/** Libraries read what they shall tell from `DEBUG`: `express:*`. */
const isSwitch = (text: string): boolean => /^(true|false|1|0)$/i.test(text)

const readSwitch = (text: string): unknown => (isSwitch(text) ? /^(true|1)$/i.test(text) : text)

const readDebug = (text: string): unknown => debugLevel(String(readSwitch(text)))

const lowerCase = (text: string): string => text.toLowerCase()

/** `console` is what structlog calls lines for people. */
const format = (text: string): string => (lowerCase(text) === "console" ? "pretty" : lowerCase(text))

/** Programs of which nobody looks at the terminal write lines for machines. */
const formatFor = (environment: string): unknown => (lowerCase(environment) === "production" ? "json" : undefined)

const routing = { big: ["routing", "big"], small: ["routing", "small"] } as const
const level = ["logging", "level"] as const
const logFormat = ["logging", "format"] as const

/** All of them, each for one key. A later one of two for the same key counts, unless they are names of the same thing. */
export const gatewayVariables: ReadonlyArray<Shorthand> = [
  { variable: "ANTHROPIC_MODEL", path: routing.big, read: readScalar, counts: namesProvider },
  { variable: "BIG_MODEL", path: routing.big, read: readScalar },
  { variable: "ANTHROPIC_SMALL_FAST_MODEL", path: routing.small, read: readScalar, counts: namesProvider },
  { variable: "SMALL_MODEL", path: routing.small, read: readScalar },
  { variable: "HOST", path: ["server", "host"], read: (text) => text.replace(/^\[|\]$/g, ""), counts: isAddress },
  { variable: "PORT", path: ["server", "port"], read: readScalar, counts: isCount },
  { variable: "MAX_TOKENS_LIMIT", path: ["server", "maxTokens"], read: readScalar },
  { variable: "MAX_CONCURRENT_REQUESTS", path: ["server", "maxConcurrentRequests"], read: readScalar },
  { variable: "ENABLE_CACHING", path: ["server", "cache", "enabled"], read: readSwitch },
  { variable: "CACHE_TTL", path: ["server", "cache", "timeToLive"], read: seconds },
  { variable: "DEBUG", path: level, read: readDebug, counts: isSwitch },
  { variable: "DEBUG_ENABLED", path: level, read: readDebug },
  { variable: "STRUCTLOG_LEVEL", path: level, read: lowerCase },
  { variable: "LOG_LEVEL", path: level, read: lowerCase },
  { variable: "ENVIRONMENT", path: logFormat, read: formatFor },
  { variable: "STRUCTLOG_FORMAT", path: logFormat, read: format },
  { variable: "LOG_FORMAT", path: logFormat, read: format },
  { variable: "DEBUG_LOGS_DIR", path: ["logging", "file"], read: (folder) => `${folder}/signalbox.log` }
]

/** Names of the same thing. Whoever sets two of them to different values means one, and we cannot know which. */
const sameThing: ReadonlyArray<ReadonlyArray<string>> = [
  ["ANTHROPIC_MODEL", "BIG_MODEL"],
  ["ANTHROPIC_SMALL_FAST_MODEL", "SMALL_MODEL"],
  ["DEBUG", "DEBUG_ENABLED"],
  ["STRUCTLOG_LEVEL", "LOG_LEVEL"],
  ["STRUCTLOG_FORMAT", "LOG_FORMAT"]
]

/** What a variable says, where it says something that is meant for us. */
const saidBy = (environment: Environment, providers: Providers) => (name: string) => {
  const text = environment[name] ?? ""
  const found = gatewayVariables.find(({ variable }) => variable === name)
  const isMeant = found !== undefined && text !== "" && (found.counts?.(text, providers) ?? true)
  return isMeant ? [{ name, text, path: found.path, value: found.read(text) }] : []
}

/** Names of the same thing that say different things of it, where nothing stronger decides. */
export const variableConflicts = (
  environment: Environment,
  providers: Providers,
  ownOf: (path: FoundProblem["path"]) => string
): ReadonlyArray<FoundProblem> =>
  sameThing.flatMap((names) => {
    const said = names.flatMap(saidBy(environment, providers))
    const [first] = said
    if (first === undefined || said.every(({ value }) => value === first.value)) return []
    const own = ownOf(first.path)
    if ((environment[own] ?? "") !== "") return []
    const words = said.map(({ name, text }) => `${name} is "${text}"`).join(", and ")
    return [
      {
        path: first.path,
        message: `two variables say different things: ${words}`,
        suggestion: `set one of them, or ${own}`
      }
    ]
  })
