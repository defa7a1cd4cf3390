/**
 * Claude Code: servers of the user, and those that belong to one project, in one file that holds much else. What it
 * shares within a project is `.mcp.json`, a format of its own.
 */
import { isTree, type Tree } from "../../tree.ts"
import { entriesAt, everywhere, type ForeignEntry, type ForeignFormat } from "../ForeignFormat.ts"
import { given, millis, textsOf } from "../values.ts"
import { commonDialect, mcpServersOf } from "./mcpServers.ts"

const projectsOf = (value: Tree): ReadonlyArray<readonly [string, Tree]> =>
  Object.entries(isTree(value["projects"]) ? value["projects"] : {}).flatMap(([folder, project]) =>
    isTree(project) ? [[folder, project] as const] : []
  )

const entriesOfProject =
  (value: Tree) =>
  ([folder, project]: readonly [string, Tree]): ReadonlyArray<ForeignEntry> => {
    const disabled = textsOf(project["disabledMcpServers"])
    return entriesAt(value, "projects", folder, "mcpServers").map((entry) => ({
      ...entry,
      directory: folder,
      isDisabled: disabled.includes(entry.name)
    }))
  }

export const claudeCode: ForeignFormat = {
  name: "claude-code",
  title: "Claude Code",
  places: { user: everywhere("~/.claude.json"), project: [] },
  isIn: (value) =>
    isTree(value["projects"]) &&
    (isTree(value["mcpServers"]) || projectsOf(value).some(([, project]) => isTree(project["mcpServers"]))),
  entries: (value) => [...mcpServersOf(value), ...projectsOf(value).flatMap(entriesOfProject(value))],
  dialect: () => ({
    ...commonDialect,
    keys: ["timeout"],
    overrides: ({ timeout }) => given("callTimeout", millis(timeout))
  })
}
