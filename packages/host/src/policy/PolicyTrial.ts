/**
 * What a configuration says of calls that were made before: rules of approval first, then the policies of the built-in tools,
 * as in a conversation. Nothing is run, no server is asked, and files are looked at only as far as their paths go.
 */
import { judgeCall } from "@signalbox/conversation"
import type { JsonObject, ToolDefinition } from "@signalbox/model"
import type { BuiltInName, CallVerdict } from "@signalbox/tools"
import { Effect } from "effect"
import { conversationPolicy } from "../approvals/approvalPolicy.ts"
import { toolsOptions } from "../builtIns/toolsOptions.ts"
import { builtInSource } from "../config/builtInSource.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"

/** A call by the name that the model used. */
export interface PastCall {
  readonly tool: string
  readonly input: JsonObject
}

/** What becomes of it. `absent`: there is no such tool in the configuration. */
export type TrialVerdict =
  | { readonly verdict: "allow" }
  | { readonly verdict: "ask" | "refuse" | "absent"; readonly reason: string }

/** The policy of one configuration. */
export interface PolicyTrial {
  readonly judge: (call: PastCall) => Effect.Effect<TrialVerdict>
}

/** The stricter of the two: what is refused in the end need not be asked about. */
const strictness: Readonly<Record<TrialVerdict["verdict"], number>> = { allow: 0, ask: 1, refuse: 2, absent: 3 }
const stricter = (one: TrialVerdict, other: TrialVerdict): TrialVerdict =>
  strictness[other.verdict] > strictness[one.verdict] ? other : one

const absent = (reason: string): TrialVerdict => ({ verdict: "absent", reason })

const toTrial = (verdict: CallVerdict): TrialVerdict => verdict

interface NamedTool {
  readonly source: string
  readonly name: string
}

/** `<server>__<tool>`, or a name alone: of a built-in tool, else of the one server that there is. */
const namedTool = ({ options }: LoadedConfig, tool: string, builtIns: ReadonlySet<string>): NamedTool => {
  const [source = "", ...rest] = tool.split("__")
  if (rest.length > 0 && (source === builtInSource || Object.hasOwn(options.servers, source)))
    return { source, name: rest.join("__") }
  if (builtIns.has(tool)) return { source: builtInSource, name: tool }
  const servers = Object.entries(options.servers).flatMap(([name, { enabled }]) => (enabled ? [name] : []))
  return { source: servers.length === 1 ? (servers[0] ?? "") : "", name: tool }
}

/** A tool of a server, of which nothing more is known here than its name. */
const serverTool = ({ options }: LoadedConfig, { name, source }: NamedTool, shown: string): ToolDefinition => ({
  name: shown,
  originalName: name,
  description: "",
  inputSchema: { type: "object" },
  annotations: {},
  runBy: { _tag: "Host", source },
  isTrusted: options.servers[source]?.trusted ?? false
})

const missingAtServer = ({ options }: LoadedConfig, { name, source }: NamedTool): string | undefined => {
  // Whose tool it is cannot be told by its name alone.
  if (source === "") return undefined
  const { allow, deny = [] } = options.servers[source]?.tools ?? {}
  if (options.servers[source]?.enabled === false) return `the server ${source} is disabled`
  if (deny.includes(name) || (allow !== undefined && !allow.includes(name)))
    return `servers.${source}.tools does not have it`
  return undefined
}

/** The policy of a configuration. Fails where a folder of its tools is not there. */
export const makePolicyTrial = Effect.fn("makePolicyTrial")(function* (config: LoadedConfig) {
  const { BuiltInTools, makeCallJudge, toolNames } = yield* Effect.promise(() => import("@signalbox/tools"))
  const { options } = yield* toolsOptions(config, {}, undefined)
  const judge = yield* makeCallJudge(options)
  const { toolbox } = yield* BuiltInTools.make({ ...options, enabled: toolNames })
  const definitions = new Map((yield* toolbox.list).map((tool) => [tool.originalName, tool]))
  const names: ReadonlySet<string> = new Set(toolNames)
  const policy = conversationPolicy(config.options)
  const gate = (tool: ToolDefinition, input: JsonObject): TrialVerdict => {
    const { decision, reason } = judgeCall(policy, tool, input)
    return decision === "allow" ? { verdict: "allow" } : { verdict: decision === "deny" ? "refuse" : "ask", reason }
  }

  const trial: PolicyTrial = {
    judge: ({ input, tool }) => {
      const named = namedTool(config, tool, names)
      if (named.source !== builtInSource) {
        const missing = missingAtServer(config, named)
        return Effect.succeed(missing === undefined ? gate(serverTool(config, named, tool), input) : absent(missing))
      }
      const definition = definitions.get(named.name)
      if (definition === undefined) return Effect.succeed(absent("there is no built-in tool of this name"))
      // The names of definitions are those of the built-in tools.
      const name = named.name as BuiltInName
      if (!config.options.tools.enabled.includes(name))
        return Effect.succeed(absent("it is switched off (tools.enabled)"))
      const first = gate(definition, input)
      return Effect.map(judge.judge(name, input), (own) => stricter(first, toTrial(own)))
    }
  }
  return trial
})
