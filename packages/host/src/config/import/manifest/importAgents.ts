/**
 * A manifest of agents and the files that it names, as `agents` and `servers` of our own configuration. Every path in
 * them starts from the folder of the manifest. Secrets become references to variables, one for each.
 */
import { Effect, FileSystem, Path } from "effect"
import { ImportFailed, ImportInvalid } from "../../../errors.ts"
import type { ConfigDocument, ConfigPath } from "../../document.ts"
import { isTree, type Tree, valueAt } from "../../tree.ts"
import type { ImportedServer } from "../ImportedServer.ts"
import { readForeign } from "../readForeign.ts"
import type { SecretVariable } from "../secretReferences.ts"
import { given, textOf } from "../values.ts"
import { agentCommands, moduleServer, stemOf } from "./agentCommands.ts"
import { agentSecrets } from "./agentSecrets.ts"

/** An agent in the spelling of `signalbox.yaml`. */
export interface ImportedAgent {
  readonly enabled: boolean
  readonly description?: string
  readonly maxHops?: number
  readonly servers: ReadonlyArray<string>
  readonly tools?: Readonly<Record<string, { readonly allow: ReadonlyArray<string> }>>
  readonly model?: Readonly<Record<string, string | number>>
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly onStart?: ReadonlyArray<{ readonly tool: string }>
}

/** What was found in a manifest. */
export interface ImportedAgents {
  readonly format: "agent-manifest"
  readonly servers: Readonly<Record<string, ImportedServer>>
  readonly agents: Readonly<Record<string, ImportedAgent>>
  /** What was changed or left out, one sentence each. */
  readonly notes: ReadonlyArray<string>
  /** The variables that the agents now read their secrets from; `server` is the name of the agent. */
  readonly variables: ReadonlyArray<SecretVariable>
}

/** Whether a file is a manifest of agents. */
export const isAgentManifest = (file: string, content: string): boolean => {
  const { value } = readForeign(file, content)
  const agents = isTree(value) ? value["agents"] : undefined
  return Array.isArray(agents) && agents.some((agent) => isTree(agent) && "agent_config_file" in agent)
}

/** A file that names others. */
interface Referrer {
  readonly file: string
  readonly document: ConfigDocument
}

const fitName = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9_-]/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, 32)

const upperCase = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, "_").toUpperCase()

/** What is taken over of the configuration of a model. */
const modelKeys = new Set(["provider", "model", "model_name", "max_tokens", "max_recursion_depth"])

/** The keys that are not, in one text; none where there are none. */
const othersIn = (said: Tree): ReadonlyArray<string> => {
  const others = Object.keys(said).filter((key) => !modelKeys.has(key))
  return others.length === 0 ? [] : [others.join(", ")]
}

const hopsIn = ({ max_recursion_depth: depth }: Tree): number | undefined =>
  typeof depth === "number" && Number.isInteger(depth) && depth > 0 ? depth : undefined

const providers: Readonly<Record<string, string>> = {
  anthropic: "claude",
  claude: "claude",
  openai: "openai",
  openrouter: "openrouter",
  ollama: "ollama"
}

/** Reads a manifest. A file that is missing is told with the one that names it. */
export const importAgents = Effect.fnUntraced(function* (
  file: string,
  content: string,
  { directory, keepSecrets }: { readonly directory: string; readonly keepSecrets: boolean }
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.dirname(file)
  const notes: Array<string> = []
  const variables: Array<SecretVariable> = []
  const servers: Record<string, ImportedServer> = {}
  const nameOfModule = new Map<string, string>()
  const agents: Record<string, ImportedAgent> = {}

  const parsed = Effect.fnUntraced(function* (name: string, text: string) {
    const document = readForeign(name, text)
    const [problem] = document.problems
    if (problem === undefined) return { file: name, document } satisfies Referrer
    return yield* new ImportFailed({ file: name, reason: `line ${problem.line}: ${problem.message}`, isBroken: true })
  })
  /** The text of the file that stands at a path of another one; nothing where none is named. */
  const textAt = Effect.fnUntraced(function* ({ document, file: from }: Referrer, at: ConfigPath) {
    const named = textOf(valueAt(document.value, at))
    if (named === undefined) return undefined
    const found = path.join(folder, named)
    return yield* fs.readFileString(path.resolve(directory, found)).pipe(
      Effect.map((text) => ({ file: found, text })),
      Effect.mapError((cause) => {
        const reason = `line ${document.lineOf(at)}: ${at.join(".")} names ${found}, which cannot be read`
        return new ImportFailed({ file: from, reason, isBroken: true, cause })
      })
    )
  })
  const valueOf = Effect.fnUntraced(function* (from: Referrer, at: ConfigPath) {
    const read = yield* textAt(from, at)
    return read === undefined ? undefined : (yield* parsed(read.file, read.text)).document.value
  })

  const serverOf = (module: string, runtime: "python" | "node"): string => {
    const known = nameOfModule.get(module)
    if (known !== undefined) return known
    const wanted = fitName(stemOf(module)) || "server"
    let name = wanted
    for (let count = 2; Object.hasOwn(servers, name); count += 1) name = `${wanted.slice(0, 29)}-${count}`
    nameOfModule.set(module, name)
    servers[name] = moduleServer(module, runtime, (own) => path.join(folder, own))
    return name
  }

  const hidden = (agent: string, group: string, values: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => {
        if (keepSecrets) return [key, value]
        const name = [agent, ...(group === "common" ? [] : [group]), key].map(upperCase).join("_")
        variables.push({ name, server: agent, key: `secrets.${group}.${key}` })
        return [key, `env:${name}`]
      })
    )

  const modelOf = Effect.fnUntraced(function* (from: Referrer, name: string) {
    const instructions = yield* textAt(from, ["chat_model", "instructions"])
    const config = yield* valueOf(from, ["chat_model", "config"])
    const said: Tree = isTree(config) ? config : {}
    const vendor = textOf(said["provider"])
    if (vendor !== undefined && providers[vendor.toLowerCase()] === undefined)
      notes.push(`"${name}": its model provider "${vendor}" has no counterpart here.`)
    if (valueAt(from.document.value, ["chat_model", "secrets"]) !== undefined)
      notes.push(`"${name}": the key of its model is read from "providers".`)
    notes.push(...othersIn(said).map((keys) => `"${name}": what its model says of ${keys} has no counterpart here.`))
    const maxTokens = said["max_tokens"]
    const model = {
      ...given("provider", vendor === undefined ? undefined : providers[vendor.toLowerCase()]),
      ...given("name", textOf(said["model"]) ?? textOf(said["model_name"])),
      ...given("maxTokens", typeof maxTokens === "number" ? maxTokens : undefined),
      ...given("systemPrompt", instructions?.text.trim())
    }
    return { model, maxHops: hopsIn(said) }
  })

  const agentOf = Effect.fnUntraced(function* (manifest: Referrer, entry: Tree, index: number, name: string) {
    const at = ["agents", index, "agent_config_file"]
    const read = yield* textAt(manifest, at)
    if (read === undefined) {
      const problem = { path: at.join("."), line: manifest.document.lineOf(at), message: `"${name}" names no file` }
      return yield* new ImportInvalid({ file, problems: [problem] })
    }
    const from = yield* parsed(read.file, read.text)
    const commands = agentCommands(yield* valueOf(from, ["tools_and_data", "config"]))
    const secrets = agentSecrets(yield* valueOf(from, ["tools_and_data", "secrets"]))
    const { maxHops, model } = yield* modelOf(from, name)
    const modules = [...commands.modules].map(([module, { runtime, tools }]) => ({
      module,
      tools,
      server: serverOf(module, runtime)
    }))
    const groups = [
      { group: "common", values: secrets.common },
      ...modules.map(({ module, server }) => ({ group: server, values: secrets.of(module) }))
    ].filter(({ values }) => Object.keys(values).length > 0)
    for (const key of ["input_trigger", "output_action"])
      if (valueAt(from.document.value, [key]) !== undefined) notes.push(`"${name}": ${key} has no counterpart here.`)
    if ("mcp_client_python_code_module" in entry)
      notes.push(`"${name}": mcp_client_python_code_module has no counterpart here.`)
    notes.push(...commands.notes.map((note) => `"${name}": ${note}`))
    agents[name] = {
      // One that does not say so is not.
      enabled: entry["enabled"] === true,
      ...given("description", textOf(entry["description"])),
      servers: modules.map(({ server }) => server),
      tools: Object.fromEntries(modules.map(({ server, tools }) => [server, { allow: tools }])),
      ...(Object.keys(model).length === 0 ? {} : { model }),
      ...given("maxHops", maxHops),
      ...(groups.length === 0
        ? {}
        : { secrets: Object.fromEntries(groups.map(({ group, values }) => [group, hidden(name, group, values)])) }),
      ...(commands.onStart.length === 0
        ? {}
        : { onStart: commands.onStart.map(({ module, tool }) => ({ tool: `${nameOfModule.get(module)}__${tool}` })) })
    }
  })

  const manifest = yield* parsed(file, content)
  const entries = valueAt(manifest.document.value, ["agents"])
  for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const name = isTree(entry) ? fitName(textOf(entry["name"]) ?? "") : ""
    if (!isTree(entry) || name === "" || Object.hasOwn(agents, name)) {
      const line = manifest.document.lineOf(["agents", index])
      const message = name === "" ? "an agent has no name" : `two agents are named "${name}"`
      return yield* new ImportInvalid({ file, problems: [{ path: `agents.${index}`, line, message }] })
    }
    yield* agentOf(manifest, entry, index, name)
  }
  return { format: "agent-manifest", servers, agents, notes, variables } satisfies ImportedAgents
})
