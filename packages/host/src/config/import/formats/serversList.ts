/** `servers.yaml`: a list of servers with names (or a map of such), most of them by host, port and path. */
import { isTree, type Tree } from "../../tree.ts"
import { entriesAt, type ForeignEntry, type ForeignFormat, hasEntriesAt, nowhere, someHas } from "../ForeignFormat.ts"
import { textOf } from "../values.ts"

const entriesOf = (value: Tree): ReadonlyArray<ForeignEntry> => {
  const { servers } = value
  if (!Array.isArray(servers)) return entriesAt(value, "servers")
  return servers.map((raw: unknown, index) => ({
    name: (isTree(raw) ? textOf(raw["name"]) : undefined) ?? "",
    path: ["servers", index],
    raw
  }))
}

/** Host and port stand for a URL where the transport is remote. */
const withUrl = (raw: Tree): Tree => {
  const transport = textOf(raw["transport"])
  if (raw["url"] !== undefined || transport === undefined || transport === "stdio") return raw
  const { port = 8000 } = raw
  const url = `http://${textOf(raw["host"]) ?? "localhost"}:${String(port)}${textOf(raw["path"]) ?? "/mcp"}`
  return { ...raw, url }
}

export const serversList: ForeignFormat = {
  name: "servers-list",
  title: "servers.yaml",
  places: {
    user: nowhere,
    project: ["servers", "config/servers"].flatMap((file) => ["yaml", "yml", "json"].map((ext) => `${file}.${ext}`))
  },
  isIn: (value) =>
    Array.isArray(value["servers"]) || (hasEntriesAt(value, "servers") && someHas(entriesOf(value), "transport")),
  entries: entriesOf,
  dialect: () => ({
    typeKey: "transport",
    types: { stdio: "stdio", http: "http", "streamable-http": "http", sse: "sse" },
    urls: { url: "http" },
    // The type says what kind of server it is, in words of its own.
    keys: ["host", "port", "path", "type"],
    references: {},
    normalize: withUrl
  })
}
