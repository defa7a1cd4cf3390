/**
 * What the doctor found, server by server and then provider by provider: what is wrong, where, what the server said, and
 * what to do.
 */
import { redactText } from "@signalbox/errors"
import { builtInSource } from "@signalbox/host"
import { describeSandbox } from "@signalbox/tools"
import { type Finding, historySource, hookSource, type ProviderFinding } from "@signalbox/host/doctor"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { counted, oneLine, printable, type Style } from "../render/style.ts"
import type { Placed } from "./placeFindings.ts"
import type { Report } from "./runDoctor.ts"

type Shown = Placed<Finding | ProviderFinding>

/** How many of the last lines of a server are shown; with `--json` there are all that were kept. */
const shownLines = 5

/** Texts of servers may hold what they were started with, and must not write on the terminal. */
const safe = (text: string): string => printable(redactText(text))

const mark = { error: "✗", warning: "!", note: "·" } as const

const paint = ({ severity }: Shown, style: Style) =>
  ({ error: style.red, warning: style.yellow, note: style.dim })[severity]

const linesOf = (found: Shown): ReadonlyArray<string> => ("lines" in found ? found.lines : [])

const renderFinding = (found: Shown, style: Style, width: number): string => {
  const { code, file, fix, line, message, path, severity } = found
  const where = line > 0 ? `${file}:${line}` : file
  return [
    `${paint(found, style)(mark[severity])} ${style.bold(code)} ${style.dim(`${where} ${path.map(String).join(".")}`)}`,
    `  ${safe(message)}`,
    ...linesOf(found)
      .slice(-shownLines)
      .map((text) => `  ${style.dim(`│ ${oneLine(safe(text), width - 4)}`)}`),
    `  ${style.dim("→")} ${safe(fix)}`
  ].join("\n")
}

/** One that was looked at, with what is said of it as a whole. */
const renderOne = Effect.fnUntraced(function* (name: string, what: string, isFine: boolean, own: ReadonlyArray<Shown>) {
  const { line, style, width } = yield* Output
  yield* line(`${isFine ? style.green("✓") : style.red("✗")} ${style.bold(name)} ${what}`)
  for (const found of own) yield* line(renderFinding(found, style, width).replaceAll(/^/gm, "  "))
})

const hasErrors = (own: ReadonlyArray<Shown>): boolean => own.some(({ severity }) => severity === "error")

const renderServer = ({ findings }: Report, { name, tools }: Report["servers"][number]) => {
  const own = findings.filter(({ serverName }) => serverName === name)
  const works = tools !== undefined && !hasErrors(own)
  return renderOne(name, works ? `works, ${counted(tools, "tool")}` : "does not work", works, own)
}

const renderProvider = ({ providerFindings }: Report, { models, name, works }: Report["providers"][number]) => {
  const own = providerFindings.filter(({ providerName }) => providerName === name)
  const answers = models === undefined ? "answers" : `answers, ${counted(models, "model")}`
  return renderOne(name, works ? answers : "does not answer", works && !hasErrors(own), own)
}

const renderSandbox = ({ findings, sandbox }: Report) => {
  const own = findings.filter(({ serverName }) => serverName === builtInSource)
  return sandbox._tag === "Off"
    ? Effect.void
    : renderOne(builtInSource, `runs commands ${describeSandbox(sandbox)}`, !hasErrors(own), own)
}

/** Nothing is said of files: they are made where they are needed. */
const renderHistory = ({ database, findings }: Report) => {
  const own = findings.filter(({ serverName }) => serverName === historySource)
  if (database === undefined && own.length === 0) return undefined
  const what = database === undefined ? "cannot be kept" : `is kept at ${database.place}, PostgreSQL ${database.server}`
  return renderOne(historySource, what, database !== undefined, own)
}

/** Nothing is said of hooks that can be asked. */
const renderHooks = ({ findings }: Report) => {
  const own = findings.filter(({ serverName }) => serverName === hookSource)
  return own.length === 0 ? undefined : renderOne(hookSource, "cannot be asked", false, own)
}

export const renderDoctor = Effect.fnUntraced(function* (report: Report) {
  const { providers, repaired, servers } = report
  const { line, style } = yield* Output
  for (const repair of repaired) yield* line(`${style.green("✓")} done: ${repair}`)
  const rest = [renderHistory(report), renderHooks(report)].filter((each) => each !== undefined)
  if (servers.length === 0 && providers.length === 0 && report.sandbox._tag === "Off" && rest.length === 0)
    return yield* line("No server is enabled and no provider is wanted, so there is nothing to look at.")
  for (const server of servers) yield* renderServer(report, server)
  yield* renderSandbox(report)
  for (const each of rest) yield* each
  for (const provider of providers) yield* renderProvider(report, provider)
})

/** A finding as `--json` shows it. */
export const findingJson = (found: Shown) => ({
  code: found.code,
  severity: found.severity,
  server: "serverName" in found ? found.serverName : null,
  provider: "providerName" in found ? found.providerName : null,
  file: found.file,
  line: found.line,
  path: found.path.map(String).join("."),
  message: redactText(found.message),
  fix: found.fix,
  lines: linesOf(found).map(redactText),
  fixable: "repair" in found && found.repair !== undefined
})

const sandboxJson = (sandbox: Report["sandbox"]) => ({
  state: sandbox._tag.toLowerCase(),
  by: sandbox._tag === "On" ? sandbox.by : null,
  network: sandbox._tag === "On" ? sandbox.hasNetwork : null
})

export const doctorJson = ({
  database,
  findings,
  providerFindings,
  providers,
  repaired,
  sandbox,
  servers
}: Report) => ({
  servers: servers.map(({ name, tools }) => ({
    name,
    works: tools !== undefined && !findings.some((found) => found.serverName === name && found.severity === "error"),
    tool_count: tools ?? null
  })),
  providers: providers.map(({ models, name, works }) => ({
    name,
    works: works && !providerFindings.some((found) => found.providerName === name && found.severity === "error"),
    model_count: models ?? null
  })),
  sandbox: sandboxJson(sandbox),
  database: database ?? null,
  findings: [...findings, ...providerFindings].map(findingJson),
  repaired
})
