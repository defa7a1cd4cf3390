/** Codex: TOML with a table for each server; secrets are given as the names of variables. */
import type { Tree } from "../../tree.ts"
import { entriesAt, everywhere, type ForeignFormat, hasEntriesAt } from "../ForeignFormat.ts"
import { given, millis, seconds, tableOf, textOf, textsOf, toolsOf } from "../values.ts"

const headersOf = (raw: Tree): Tree => {
  const bearer = textOf(raw["bearer_token_env_var"])
  const fromVariables = Object.entries(tableOf(raw["env_http_headers"])).map(([key, name]) => [key, `env:${name}`])
  return {
    ...tableOf(raw["http_headers"]),
    ...Object.fromEntries(fromVariables),
    ...(bearer === undefined ? {} : { Authorization: `Bearer env:${bearer}` })
  }
}

/** Variables that are handed on to the server are references to themselves. */
const envOf = (raw: Tree): Tree => ({
  ...Object.fromEntries(textsOf(raw["env_vars"]).map((name) => [name, `env:${name}`])),
  ...tableOf(raw["env"])
})

export const codex: ForeignFormat = {
  name: "codex",
  title: "Codex",
  places: { user: everywhere("~/.codex/config.toml"), project: [".codex/config.toml"] },
  isIn: (value) => hasEntriesAt(value, "mcp_servers"),
  entries: (value) => entriesAt(value, "mcp_servers"),
  dialect: () => ({
    types: {},
    urls: { url: "http" },
    keys: [
      ..."env_vars http_headers env_http_headers bearer_token_env_var startup_timeout_sec startup_timeout_ms".split(
        " "
      ),
      ..."tool_timeout_sec enabled_tools disabled_tools required".split(" ")
    ],
    references: {},
    normalize: (raw) => ({ ...raw, env: envOf(raw), headers: headersOf(raw) }),
    overrides: (raw) => ({
      ...given("connectTimeout", seconds(raw["startup_timeout_sec"]) ?? millis(raw["startup_timeout_ms"])),
      ...given("callTimeout", seconds(raw["tool_timeout_sec"])),
      ...given("required", raw["required"] === true ? true : undefined),
      ...toolsOf(raw["enabled_tools"], raw["disabled_tools"])
    })
  })
}
