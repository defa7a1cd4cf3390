/**
 * Visual Studio Code: a `servers` map, and `inputs` that the editor asks a person for. Older versions keep both under
 * `mcp` in the settings. The files are JSON with comments.
 */
import { isTree, type Tree } from "../../tree.ts"
import { entriesAt, type ForeignEntry, type ForeignFormat, hasEntriesAt, someHas } from "../ForeignFormat.ts"
import { textOf } from "../values.ts"
import { commonDialect } from "./mcpServers.ts"

const partOf = (value: Tree): Tree => (isTree(value["mcp"]) ? value["mcp"] : value)

const entriesOf = (value: Tree): ReadonlyArray<ForeignEntry> =>
  isTree(value["mcp"]) ? entriesAt(value, "mcp", "servers") : entriesAt(value, "servers")

const inputsOf = (value: Tree): ReadonlyMap<string, string> => {
  const { inputs } = partOf(value)
  const found = (Array.isArray(inputs) ? inputs : []).flatMap((input: unknown) => {
    const [id, description] = isTree(input) ? [textOf(input["id"]), textOf(input["description"])] : []
    return id === undefined || description === undefined ? [] : [[id, description] as const]
  })
  return new Map(found)
}

const isTyped = ({ raw }: ForeignEntry): boolean =>
  isTree(raw) && (Array.isArray(raw["args"]) || ["stdio", "http", "sse"].includes(String(raw["type"])))

export const vscode: ForeignFormat = {
  name: "vscode",
  title: "Visual Studio Code",
  places: {
    user: {
      linux: ["$CONFIG/Code/User/mcp.json", "$CONFIG/Code/User/settings.json"],
      darwin: [
        "~/Library/Application Support/Code/User/mcp.json",
        "~/Library/Application Support/Code/User/settings.json"
      ],
      win32: ["%APPDATA%\\Code\\User\\mcp.json", "%APPDATA%\\Code\\User\\settings.json"]
    },
    project: [".vscode/mcp.json", ".vscode/settings.json"]
  },
  isIn: (value) =>
    (hasEntriesAt(value, "mcp", "servers") || hasEntriesAt(value, "servers")) &&
    !someHas(entriesOf(value), "transport", "environment", "health_check") &&
    (Array.isArray(partOf(value)["inputs"]) || entriesOf(value).some(isTyped)),
  entries: entriesOf,
  dialect: (value) => ({
    ...commonDialect,
    // Where it was found in a gallery, and how it is debugged.
    keys: ["gallery", "dev"],
    references: { inputs: inputsOf(value) }
  })
}
