/**
 * `mcp_servers.yaml`: processes with a command line, an environment, a page that tells their health, and the version
 * of Node or Python that they need.
 */
import { UntrustedServerType } from "../../../errors.ts"
import { isTree, type Tree } from "../../tree.ts"
import { entriesAt, type ForeignFormat, hasEntriesAt, nowhere, type Remarks } from "../ForeignFormat.ts"
import type { ImportedOverrides } from "../ImportedServer.ts"
import { given, seconds, textOf, within } from "../values.ts"

const runtimes: Readonly<Record<string, string>> = { python: "python", nodejs: "node", node: "node" }

const policies = ["always", "on-failure", "never"] as const

const healthOf = (raw: Tree, remarks: Remarks): ImportedOverrides => {
  const check = raw["health_check"]
  const options: Tree = isTree(check) ? check : { endpoint: check }
  if (check === undefined || options["enabled"] === false) return {}
  const url = textOf(options["endpoint"])
  const timeout = within(options["timeout"], "health_check.timeout", [1, 60], remarks)
  const interval = within(options["interval"], "health_check.interval", [5, 300], remarks)
  if (url === undefined) return {}
  if (!/^https?:\/\/\S+$/.test(url)) remarks.fault("health_check", `expected a URL, found ${JSON.stringify(url)}`)
  return {
    health: {
      check: "http",
      url,
      ...given("interval", seconds(interval ?? 30)),
      ...given("timeout", seconds(timeout ?? 5))
    }
  }
}

const restartOf = (raw: Tree, remarks: Remarks): ImportedOverrides => {
  const policy = policies.find((name) => name === raw["restart_policy"])
  if (raw["restart_policy"] !== undefined && policy === undefined)
    remarks.fault("restart_policy", `expected ${policies.join(", ")}, found ${JSON.stringify(raw["restart_policy"])}`)
  const maxRestarts = within(raw["max_restarts"], "max_restarts", [0, 10], remarks)
  const restart = { ...given("policy", policy), ...given("maxRestarts", maxRestarts) }
  return Object.keys(restart).length === 0 ? {} : { restart }
}

const requirementsOf = (raw: Tree, { fault }: Remarks): ImportedOverrides => {
  const type = textOf(raw["type"])
  if (type !== undefined && runtimes[type] === undefined)
    fault(
      "type",
      `unknown type "${type}"; expected ${Object.keys(runtimes).join(", ")}`,
      UntrustedServerType.definition.code
    )
  const requires = Object.fromEntries(
    ["node", "python"].flatMap((runtime) => {
      const version = raw[`${runtime}_version`]
      return typeof version === "string" || typeof version === "number" ? [[runtime, String(version)]] : []
    })
  )
  return Object.keys(requires).length === 0 ? {} : { requires }
}

const globalOf = (value: Tree): Tree => (isTree(value["global"]) ? value["global"] : {})

const keptGlobals = new Set(["startup_timeout", "shutdown_timeout"])

const remarkOnGlobal = (value: Tree, remarks: Pick<Remarks, "note" | "fault">): void => {
  const all = globalOf(value)
  within(all["startup_timeout"], "global.startup_timeout", [5, 120], remarks)
  within(all["shutdown_timeout"], "global.shutdown_timeout", [1, 60], remarks)
  within(all["monitoring_interval"], "global.monitoring_interval", [10, 300], remarks)
  const lost = Object.keys(all).filter((key) => !keptGlobals.has(key))
  if (lost.length > 0) remarks.note(`What "global" says of ${lost.join(", ")} has no counterpart here.`)
}

export const processes: ForeignFormat = {
  name: "processes",
  title: "mcp_servers.yaml",
  places: { user: nowhere, project: ["mcp_servers.yaml", "config/mcp_servers.yaml", "configs/mcp_servers.yaml"] },
  isIn: (value) => hasEntriesAt(value, "servers"),
  entries: (value) => entriesAt(value, "servers"),
  dialect: (value) => ({
    types: {},
    urls: { url: "http" },
    keys: "environment type health_check restart_policy max_restarts node_version python_version".split(" "),
    references: { hasPlainDollar: true },
    overrides: (raw, remarks) => ({
      ...requirementsOf(raw, remarks),
      ...healthOf(raw, remarks),
      ...restartOf(raw, remarks),
      // What holds for all of them.
      ...given("connectTimeout", seconds(globalOf(value)["startup_timeout"])),
      ...given("shutdownTimeout", seconds(globalOf(value)["shutdown_timeout"]))
    })
  }),
  remark: remarkOnGlobal
}
