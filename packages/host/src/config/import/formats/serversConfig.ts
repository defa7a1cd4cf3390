/** `servers_config.json`: an `mcpServers` map in which every field is to be said, `enabled` above all. */
import { isTree } from "../../tree.ts"
import { type ForeignFormat, nowhere, someHas } from "../ForeignFormat.ts"
import { commonDialect, hasMcpServers, mcpServersOf } from "./mcpServers.ts"

export const serversConfig: ForeignFormat = {
  name: "servers-config",
  title: "servers_config.json",
  places: { user: nowhere, project: ["servers_config.json", "config/servers_config.json"] },
  isIn: (value) =>
    hasMcpServers(value) &&
    someHas(mcpServersOf(value), "enabled") &&
    Object.keys({ ...value, ...(isTree(value["mcpServers"]) ? value["mcpServers"] : {}) }).some((key) =>
      key.startsWith("_comment")
    ),
  entries: mcpServersOf,
  dialect: () => ({
    ...commonDialect,
    normalize: (raw, { fault }) => {
      if (typeof raw["enabled"] !== "boolean")
        fault("enabled", 'expected "enabled" to be true or false: it is not said')
      return raw
    }
  })
}
