/**
 * What `servers import` found and did, for people and as JSON. Secrets are in neither: they stay in the files of the
 * other programs.
 */
import { toJson } from "@signalbox/errors"
import { shownTarget } from "@signalbox/host"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { counted, oneLine, printable, type Style } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { tellVariables } from "../render/tellVariables.ts"
import type { Health, Imported } from "./importForeign.ts"

type Server = Imported["servers"][number]

const paint = (status: Health["status"], style: Style) =>
  ({ works: style.green, fails: style.red, unset: style.yellow, disabled: style.dim, unchecked: style.dim })[status]

const stateOf = ({ health, known, name }: Server, style: Style): string => {
  if (known !== undefined) return style.dim(known === name ? "there already" : `there already as ${known}`)
  const word = health.status === "works" ? health.detail : health.status === "unset" ? "variable unset" : health.status
  return paint(health.status, style)(word)
}

const tellSources = Effect.fnUntraced(function* ({ sources }: Imported) {
  const { errorStyle, status } = yield* Output
  const warn = (text: string) => status(`${errorStyle.yellow("!")} ${printable(text)}`)
  for (const { failure, file, notes, problems } of sources) {
    if (failure !== undefined) yield* warn(`${file} cannot be used: ${failure}`)
    for (const { line, message } of problems) yield* warn(`${file}:${line} ${message}; it was left out.`)
    for (const note of notes) yield* warn(`${file}: ${note}`)
  }
})

const tellFailures = Effect.fnUntraced(function* ({ servers }: Imported) {
  const { line, style } = yield* Output
  for (const { health, name } of servers) {
    if (health.status !== "fails" && health.status !== "unset") continue
    const code = health.errorCode === undefined ? "" : ` ${style.dim(`[${health.errorCode}]`)}`
    yield* line(`${style.red("✗")} ${style.bold(name)}: ${printable(health.detail)}${code}`)
  }
})

const tellResult = Effect.fnUntraced(function* ({ added, file, isDryRun, servers, taken, variables }: Imported) {
  const { errorStyle, line, status, style } = yield* Output
  const fresh = servers.filter(({ known }) => known === undefined)
  if (isDryRun) return yield* line(style.dim(`${counted(fresh.length, "server")} could be added; nothing was written.`))
  for (const name of taken) yield* status(`${errorStyle.yellow("!")} "${name}" is there already and was left as it is.`)
  if (file === undefined) return yield* line("No server was added.")
  yield* line(`${style.green("✓")} ${counted(added.length, "server")} added to ${file}: ${added.join(", ")}`)
  yield* tellVariables(variables)
})

export const renderImport = Effect.fnUntraced(function* (imported: Imported) {
  const { columns, line, style } = yield* Output
  yield* tellSources(imported)
  if (imported.servers.length === 0)
    return yield* line("No servers of other programs were found. To read a certain file: signalbox config import FILE")
  const header = ["server", "from", "state", "command or URL"].map((title) => style.dim(title))
  const rows = imported.servers.map((server) => [
    style.bold(server.name),
    server.app,
    stateOf(server, style),
    oneLine(printable(shownTarget(server.entry)), 200)
  ])
  yield* line(renderTable([header, ...rows], { columns, paint: style.dim }))
  for (const { count, file } of imported.sources.filter(({ failure }) => failure === undefined))
    yield* line(style.dim(`${counted(count, "server")} in ${file}`))
  yield* tellFailures(imported)
  yield* tellResult(imported)
})

export const importJson = (imported: Imported) => ({
  sources: imported.sources.map(({ app, count, failure, file, notes, problems, scope }) => ({
    app,
    file,
    scope,
    server_count: count,
    failure: failure ?? null,
    problems,
    notes
  })),
  servers: imported.servers.map(({ app, entry, files, health, known, name }) => ({
    name,
    app,
    files,
    entry,
    known_as: known ?? null,
    health: health.status,
    // What a server says of itself may hold what it was started with.
    health_detail: toJson(new Error(health.detail)).message,
    error_code: health.errorCode ?? null,
    tool_count: health.tools ?? null
  })),
  file: imported.file ?? null,
  added: imported.added,
  taken: imported.taken,
  variables: imported.variables,
  dry_run: imported.isDryRun
})
