/**
 * The tools at hand in words, grouped by who runs them: for models that overlook the tools they are given.
 * Every request says the tools in the provider's own form anyway, so this costs tokens twice.
 */
import type { ToolDefinition } from "@signalbox/model"
import { Effect } from "effect"
import type { TurnHooks } from "./TurnHooks.ts"

/** The longest part of a description that is repeated. */
const maxLength = 200

const groupOf = ({ runBy }: ToolDefinition): string => (runBy._tag === "Host" ? runBy.source : "other")

const lineOf = ({ description, name }: ToolDefinition): string => {
  const [first = ""] = description.trim().split("\n")
  return first === "" ? `- ${name}` : `- ${name}: ${first.length > maxLength ? `${first.slice(0, maxLength)}…` : first}`
}

/** A text for a system prompt; empty where there are no tools. Names are those to call, descriptions their first lines. */
export const renderToolsContext = (tools: ReadonlyArray<ToolDefinition>): string => {
  const groups = [...Map.groupBy(tools, groupOf)].map(([group, members]) =>
    [`${group}:`, ...members.map(lineOf)].join("\n")
  )
  return groups.length === 0 ? "" : ["These tools can be called, by where they run:", ...groups].join("\n\n")
}

/** Hooks that add the tools of each step to the end of its system prompt. Combine them with rules of your own by spreading. */
export const describingTools: TurnHooks = {
  beforeModel: (request) => {
    const text = renderToolsContext(request.tools)
    return Effect.succeed(
      text === "" ? request : { ...request, system: [...request.system, { type: "text" as const, text }] }
    )
  }
}
