/** Gemini CLI: `httpUrl` is Streamable HTTP and `url` the transport before it, unless a type says otherwise. */
import { isTree, type Tree } from "../../tree.ts"
import { everywhere, type ForeignFormat, type Remarks, someHas } from "../ForeignFormat.ts"
import type { ImportedOverrides } from "../ImportedServer.ts"
import { given, millis, textsOf, toolsOf } from "../values.ts"
import { commonDialect, hasMcpServers, mcpServersOf } from "./mcpServers.ts"

const overridesOf = ({ excludeTools, includeTools, timeout, trust }: Tree, { note }: Remarks): ImportedOverrides => {
  if (trust === true)
    note("it is trusted: its read-only and idempotent hints are believed, but nothing is approved for that.")
  return {
    ...given("callTimeout", millis(timeout)),
    ...given("trusted", trust === true ? true : undefined),
    ...toolsOf(includeTools, excludeTools)
  }
}

/** Names of servers that are excluded for all. */
const excludedOf = (value: Tree): ReadonlyArray<string> =>
  isTree(value["mcp"]) ? textsOf(value["mcp"]["excluded"]) : []

export const gemini: ForeignFormat = {
  name: "gemini",
  title: "Gemini CLI",
  places: { user: everywhere("~/.gemini/settings.json"), project: [".gemini/settings.json"] },
  isIn: (value) =>
    hasMcpServers(value) && someHas(mcpServersOf(value), "httpUrl", "trust", "includeTools", "excludeTools"),
  entries: (value) =>
    mcpServersOf(value).map((entry) => ({ ...entry, isDisabled: excludedOf(value).includes(entry.name) })),
  dialect: () => ({
    ...commonDialect,
    urls: { httpUrl: "http", url: "sse" },
    keys: ["timeout", "trust", "includeTools", "excludeTools"],
    references: { hasPlainDollar: true },
    overrides: overridesOf
  })
}
