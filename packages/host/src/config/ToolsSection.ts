/**
 * `tools`: the built-in tools, which of them there are, and what they may touch.
 */
import { toolNames } from "@signalbox/tools"
import { Schema } from "effect"
import { ApiKey, EnvValue, PositiveDuration, PositiveInt, Url, VariableName } from "./schemas.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Texts = Schema.Array(Schema.NonEmptyString)
const Port = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))

/** How many calls of one tool run at once, and how long each may take. */
const ToolLimit = Schema.Struct({ maxConcurrent: PositiveInt, timeout: PositiveDuration })

// Each key is the name of a tool, which is all that a struct of them can say.
const toolLimits = Object.fromEntries(toolNames.map((name) => [name, ToolLimit])) as Record<
  (typeof toolNames)[number],
  typeof ToolLimit
>

const PathSection = Schema.Struct({
  cwd: Schema.NonEmptyString,
  roots: Texts,
  readOnlyRoots: Texts,
  deny: Texts,
  followsSymlinks: Schema.Boolean,
  maxDepth: PositiveInt,
  blockedExtensions: Schema.Array(
    Schema.String.check(Schema.isPattern(/^\../, { message: "Expected the end of a name, such as .sh" }))
  )
})

const CommandSection = Schema.Struct({
  shell: Schema.NonEmptyString,
  allow: Texts,
  ask: Texts,
  deny: Texts,
  undecided: Schema.Literals(["ask", "refuse"]),
  environment: Schema.Record(VariableName, EnvValue),
  timeout: PositiveDuration,
  maxTimeout: PositiveDuration,
  maxOutputBytes: PositiveInt,
  maxMemoryBytes: Schema.Union([Schema.Literal("unlimited"), PositiveInt]),
  maxJobs: Count,
  sandbox: Schema.Literals(["off", "auto", "required"]),
  sandboxNetwork: Schema.Boolean
})

const UrlSection = Schema.Struct({
  allowAddresses: Schema.Array(
    Schema.String.check(
      Schema.isPattern(/^[0-9A-Fa-f.:]+\/\d{1,3}$/, { message: "Expected a network, such as 10.0.0.0/8" })
    )
  ),
  allowHosts: Texts,
  denyHosts: Texts,
  ports: Schema.Array(Port),
  maxRedirects: Count,
  maxBytes: PositiveInt,
  timeout: PositiveDuration,
  userAgent: Schema.NonEmptyString
})

const SearchSection = Schema.Struct({
  provider: Schema.Literals(["none", "searxng", "brave"]),
  url: Schema.Union([Schema.Literal(""), Url]),
  apiKey: ApiKey
}).check(
  Schema.makeFilter(({ provider, url }) =>
    provider === "searxng" && url === ""
      ? { path: ["url"], issue: "Expected the address of the SearXNG server" }
      : undefined
  )
)

/** The section. */
export const ToolsSection = Schema.Struct({
  enabled: Schema.Array(Schema.Literals(toolNames)),
  paths: PathSection,
  commands: CommandSection,
  urls: UrlSection,
  search: SearchSection,
  limits: Schema.Struct({
    maxConcurrent: PositiveInt,
    maxQueued: Count,
    queueTimeout: PositiveDuration,
    rate: Schema.Struct({ limit: PositiveInt, per: PositiveDuration }),
    maxFileBytes: PositiveInt,
    maxResultCharacters: PositiveInt,
    maxEntries: PositiveInt,
    maxSearchedBytes: PositiveInt,
    tools: Schema.Struct(toolLimits)
  }),
  stateFolder: Schema.NonEmptyString,
  undo: Schema.Struct({ folder: Schema.String, maxChanges: PositiveInt, maxBytes: PositiveInt })
})
export type ToolsSection = typeof ToolsSection.Type
