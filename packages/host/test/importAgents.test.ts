import { assert, layer } from "@effect/vitest"
import { importAgents, isAgentManifest } from "@signalbox/host/import"
import { nodePlatform } from "@signalbox/host/node"
import { writeYaml } from "@signalbox/host"
import { Effect, FileSystem, Path } from "effect"
import { load } from "./support.ts"

const manifest = `{
  "agents": [
    {
      "name": "Kairos",
      "description": "Plans the day",
      "enabled": true,
      "agent_config_file": "kairos/agent.json",
      "mcp_client_python_code_module": "clients/client.py"
    },
    {
      "name": "Mercurius",
      "agent_config_file": "mercurius.json"
    }
  ]
}`

const files: Readonly<Record<string, unknown>> = {
  "kairos/agent.json": {
    input_trigger: { type: "timer" },
    tools_and_data: { config: "kairos/tools.json", secrets: "kairos/secrets.json" },
    chat_model: {
      instructions: "kairos/instructions.txt",
      config: "kairos/model.json",
      secrets: "kairos/secrets.json"
    },
    output_action: {}
  },
  "kairos/tools.json": {
    mcp_commands: [
      { command: "read_file", aliases: ["cat"], python_code_module: "servers/file_io.py", enabled: true },
      { command: "write_file", python_code_module: "servers/file_io.py", enabled: false },
      { command: "list_events", node_code_module: "servers/calendar.js", run_on_start_up: true },
      { command: "delete_event", node_code_module: "servers/old.js", enabled: false },
      { command: "track", python_code_module: "timely.server" }
    ]
  },
  "kairos/secrets.json": {
    common: { TENANT: "sk-canary-tenant" },
    "file_io.py": { internal_params: { TOKEN: "sk-canary-files", PORT: 8080 } },
    servers: [{ node_code_module: "servers/calendar.js", internal_params: { TOKEN: "sk-canary-calendar" } }]
  },
  "kairos/instructions.txt": "You are Kairos.\n",
  "kairos/model.json": {
    provider: "anthropic",
    model: "a-model",
    max_tokens: 900,
    max_recursion_depth: 3,
    use_memory: true
  },
  "mercurius.json": { tools_and_data: { config: "mercurius-tools.json" } },
  "mercurius-tools.json": { mcp_commands: [{ command: "read_file", python_code_module: "servers/file_io.py" }] }
}

/** A folder that holds them below `legacy`. */
const folderWith = Effect.fnUntraced(function* (contents: Readonly<Record<string, unknown>>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped()
  for (const [name, content] of Object.entries(contents)) {
    const file = path.join(directory, "legacy", name)
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.writeFileString(file, typeof content === "string" ? content : JSON.stringify(content))
  }
  return directory
})

const read = Effect.fnUntraced(function* (contents: Readonly<Record<string, unknown>>, keepSecrets = false) {
  return yield* importAgents("legacy/agents.json", manifest, { directory: yield* folderWith(contents), keepSecrets })
})

layer(nodePlatform, { excludeTestServices: true })("a manifest of agents", (it) => {
  it.effect("is told from files that only have servers", () =>
    Effect.sync(() => {
      assert.isTrue(isAgentManifest("agents.json", manifest))
      assert.isFalse(isAgentManifest(".mcp.json", '{ "mcpServers": {} }'))
    })
  )

  it.effect("becomes agents and their servers, that are a sound configuration", () =>
    Effect.gen(function* () {
      const { agents, notes, servers, variables } = yield* read(files)
      assert.deepStrictEqual(Object.keys(servers), ["file_io", "calendar", "timely-server"])
      assert.deepInclude(servers["file_io"], { runtime: "python", file: "legacy/servers/file_io.py", args: [] })
      assert.deepInclude(servers["calendar"], { runtime: "node", file: "legacy/servers/calendar.js", args: [] })
      assert.deepInclude(servers["timely-server"], { command: "python", args: ["-m", "timely.server"] })
      assert.deepStrictEqual(agents, {
        Kairos: {
          enabled: true,
          description: "Plans the day",
          servers: ["file_io", "calendar", "timely-server"],
          tools: {
            file_io: { allow: ["read_file"] },
            calendar: { allow: ["list_events"] },
            "timely-server": { allow: ["track"] }
          },
          model: { provider: "claude", name: "a-model", maxTokens: 900, systemPrompt: "You are Kairos." },
          maxHops: 3,
          secrets: {
            common: { TENANT: "env:KAIROS_TENANT" },
            file_io: { TOKEN: "env:KAIROS_FILE_IO_TOKEN", PORT: "env:KAIROS_FILE_IO_PORT" },
            calendar: { TOKEN: "env:KAIROS_CALENDAR_TOKEN" }
          },
          onStart: [{ tool: "calendar__list_events" }]
        },
        Mercurius: { enabled: false, servers: ["file_io"], tools: { file_io: { allow: ["read_file"] } } }
      })
      assert.deepStrictEqual(
        variables.map(({ key, name }) => [name, key]),
        [
          ["KAIROS_TENANT", "secrets.common.TENANT"],
          ["KAIROS_FILE_IO_TOKEN", "secrets.file_io.TOKEN"],
          ["KAIROS_FILE_IO_PORT", "secrets.file_io.PORT"],
          ["KAIROS_CALENDAR_TOKEN", "secrets.calendar.TOKEN"]
        ]
      )
      assert.notInclude(JSON.stringify({ agents, notes, servers, variables }), "canary")
      assert.include(notes.join("\n"), "aliases has no counterpart here")
      assert.include(notes, '"Kairos": what its model says of use_memory has no counterpart here.')
      const { options } = yield* load(`extends: preset:default@1\n${writeYaml({ agents, servers })}`)
      assert.deepStrictEqual(Object.keys(options.agents), ["Kairos", "Mercurius"])
    })
  )

  it.effect("keeps secrets where that is asked for, numbers as text", () =>
    Effect.gen(function* () {
      const { agents, variables } = yield* read(files, true)
      assert.deepStrictEqual(agents["Kairos"]?.secrets?.["file_io"], { TOKEN: "sk-canary-files", PORT: "8080" })
      assert.deepStrictEqual(variables, [])
    })
  )

  it.effect("that names a missing file is told with both, and the line", () =>
    Effect.gen(function* () {
      const { "mercurius.json": _, ...without } = files
      const error = yield* Effect.flip(read(without))
      assert.include(error.message, "legacy/agents.json cannot be imported: line 12:")
      assert.include(error.message, "agents.1.agent_config_file names legacy/mercurius.json, which cannot be read")
      const { "kairos/tools.json": _tools, ...others } = files
      const nested = yield* Effect.flip(read(others))
      assert.include(nested.message, "legacy/kairos/agent.json cannot be imported")
      assert.include(nested.message, "tools_and_data.config names legacy/kairos/tools.json")
    })
  )
})
