/**
 * The tools of one server as far as they may be used: what it listed last, or until then what it listed in an
 * earlier run. A list that cannot be read leaves the one before in force.
 */
import type { McpTool, ToolList } from "@signalbox/mcp"
import { Effect, Equal } from "effect"
import { allowedTools, takenNames, unknownNames } from "./Catalogue.ts"
import type { ManagedServer } from "./OrchestratorOptions.ts"
import { toolsChanged } from "./serverFacts.ts"
import type { ServerEvent } from "./ServerInfo.ts"
import type { ToolCache } from "./ToolCache.ts"

export interface KnownTools {
  /** Nothing while there has been no list since the server was last stopped, and none is remembered. */
  readonly list: () => ReadonlyArray<McpTool> | undefined
  /** Whether the list is that of an earlier run. */
  readonly areRemembered: () => boolean
  /** Takes up what is remembered, for a server that is being started. */
  readonly recall: () => void
  /** The server is stopped for good: it lists nothing. */
  readonly forget: () => void
  /** Takes a list of the server, and tells what is wrong with it and what is different. */
  readonly adopt: (list: ToolList) => Effect.Effect<void>
}

export interface ToolsSurroundings {
  readonly toolCache: ToolCache["Service"]
  readonly publish: (event: ServerEvent) => void
  /** Runs when the list is another one. */
  readonly onChange: Effect.Effect<void>
}

/** Reads what is remembered; the list stays empty until `recall`. */
export const makeKnownTools = Effect.fnUntraced(function* (managed: ManagedServer, around: ToolsSurroundings) {
  const { server } = managed
  let written = yield* around.toolCache.read(server)
  let remembered = written === undefined ? undefined : allowedTools(managed, written)
  let tools: ReadonlyArray<McpTool> | undefined
  let areRemembered = false

  /** Once for each process: a server that restarts writes the same list again. */
  const remember = (all: ReadonlyArray<McpTool>) => {
    if (Equal.equals(written, all)) return Effect.void
    written = all
    return around.toolCache.write(server, all)
  }

  const adopt = Effect.fnUntraced(function* (list: ToolList) {
    yield* Effect.forEach(list.problems, ({ reason, tool }) =>
      Effect.logWarning(`A tool of server "${server.name}" cannot be used: ${tool ?? "(no name)"}: ${reason}`)
    )
    yield* remember(list.tools)
    const before = tools
    const next = allowedTools(managed, list.tools)
    const wereRemembered = areRemembered
    areRemembered = false
    if (Equal.equals(before, next)) return
    tools = remembered = next
    yield* warnOfUnknown(managed, list.tools)
    yield* warnOfTaken(managed, next)
    yield* around.onChange
    if (before === undefined) return
    const event = toolsChanged(server.name, before, next)
    if (wereRemembered && event.changed.length > 0) yield* warnOfChanged(server.name, event.changed)
    around.publish(event)
  })

  return {
    list: () => tools,
    areRemembered: () => areRemembered,
    recall: () => {
      if (tools !== undefined || remembered === undefined) return
      tools = remembered
      areRemembered = true
    },
    forget: () => {
      tools = undefined
      areRemembered = false
    },
    adopt: (list) => Effect.annotateLogs(adopt(list), { server: server.name })
  } satisfies KnownTools
})

const warnOfUnknown = (managed: ManagedServer, listed: ReadonlyArray<McpTool>) => {
  const unknown = unknownNames(managed, listed)
  return unknown.length === 0
    ? Effect.void
    : Effect.logWarning(
        `Server "${managed.server.name}" has no tools named ${unknown.join(", ")}; check the rules for its tools: allow, deny, rename, describe.`
      )
}

const warnOfTaken = (managed: ManagedServer, listed: ReadonlyArray<McpTool>) => {
  const taken = takenNames(managed, listed)
  return taken.length === 0
    ? Effect.void
    : Effect.logWarning(
        `Tools of server "${managed.server.name}" are renamed to what others of it are called: ${taken.join(", ")}.`
      )
}

/** What a tool says of itself decides how a model uses it: whoever trusted the old words should know. */
const warnOfChanged = (serverName: string, changed: ReadonlyArray<string>) =>
  Effect.annotateLogs(
    Effect.logWarning(
      `Server "${serverName}" defines tools otherwise than when they were last seen: ${changed.join(", ")}.`
    ),
    { event: "tools_changed" }
  )
