/**
 * Rules of approval about servers that are not there. A misspelt name would otherwise be a rule that silently denies
 * nothing. Takes the configuration as it stands, so that it is told together with what is wrong with its shape.
 */
import { nearestName } from "@signalbox/model"
import { builtInSource } from "./builtInSource.ts"
import type { FoundProblem } from "./layers.ts"
import { isTree, valueAt } from "./tree.ts"

type Path = FoundProblem["path"]

const listAt = (value: unknown, path: Path): ReadonlyArray<unknown> => {
  const found = valueAt(value, path)
  return Array.isArray(found) ? found : []
}

/** Every rule that names a server nobody has, with the name that may have been meant. */
export const approvalProblems = (config: unknown): ReadonlyArray<FoundProblem> => {
  const [servers, agents] = [valueAt(config, ["servers"]), valueAt(config, ["agents"])]
  const known = [...(isTree(servers) ? Object.keys(servers) : []), builtInSource]
  const places: ReadonlyArray<Path> = [
    ["conversation", "approval", "rules"],
    ...(isTree(agents) ? Object.keys(agents) : []).map((name) => ["agents", name, "approval", "rules"])
  ]
  return places.flatMap((place) =>
    listAt(config, place).flatMap((rule, index): ReadonlyArray<FoundProblem> => {
      const tool = valueAt(rule, ["tool"])
      const server = typeof tool === "string" ? /^([^*]+?)__/.exec(tool)?.[1] : undefined
      if (typeof tool !== "string" || server === undefined || known.some((name) => tool.startsWith(`${name}__`)))
        return []
      const nearest = nearestName(server, known)
      const suggestion =
        nearest === undefined
          ? `there are: ${known.join(", ")}`
          : `did you mean "${nearest}${tool.slice(server.length)}"?`
      return [{ path: [...place, index, "tool"], message: `there is no server "${server}"`, suggestion }]
    })
  )
}
