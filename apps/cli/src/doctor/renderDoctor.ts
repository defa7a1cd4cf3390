/**
 * What the doctor found, server by server: what is wrong, where, what the server said, and what to do.
 */
import { redactText } from "@signalbox/errors"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { counted, oneLine, printable, type Style } from "../render/style.ts"
import type { PlacedFinding } from "./placeFindings.ts"
import type { Report } from "./runDoctor.ts"

/** How many of the last lines of a server are shown; with `--json` there are all that were kept. */
const shownLines = 5

/** Texts of servers may hold what they were started with, and must not write on the terminal. */
const safe = (text: string): string => printable(redactText(text))

const mark = { error: "✗", warning: "!", note: "·" } as const

const paint = ({ severity }: PlacedFinding, style: Style) =>
  ({ error: style.red, warning: style.yellow, note: style.dim })[severity]

const renderFinding = (found: PlacedFinding, style: Style, width: number): string => {
  const { code, file, fix, line, lines, message, path, severity } = found
  const where = line > 0 ? `${file}:${line}` : file
  return [
    `${paint(found, style)(mark[severity])} ${style.bold(code)} ${style.dim(`${where} ${path.map(String).join(".")}`)}`,
    `  ${safe(message)}`,
    ...lines.slice(-shownLines).map((text) => `  ${style.dim(`│ ${oneLine(safe(text), width - 4)}`)}`),
    `  ${style.dim("→")} ${safe(fix)}`
  ].join("\n")
}

export const renderDoctor = Effect.fnUntraced(function* ({ findings, repaired, servers }: Report) {
  const { line, style, width } = yield* Output
  for (const repair of repaired) yield* line(`${style.green("✓")} done: ${repair}`)
  if (servers.length === 0) return yield* line("No server is enabled, so there is nothing to look at.")
  for (const { name, tools } of servers) {
    const own = findings.filter(({ serverName }) => serverName === name)
    const isBroken = own.some(({ severity }) => severity === "error")
    yield* line(
      isBroken || tools === undefined
        ? `${style.red("✗")} ${style.bold(name)} does not work`
        : `${style.green("✓")} ${style.bold(name)} works, ${counted(tools, "tool")}`
    )
    for (const found of own) yield* line(renderFinding(found, style, width).replaceAll(/^/gm, "  "))
  }
})

export const doctorJson = ({ findings, repaired, servers }: Report) => ({
  servers: servers.map(({ name, tools }) => ({
    name,
    works: tools !== undefined && !findings.some((found) => found.serverName === name && found.severity === "error"),
    tool_count: tools ?? null
  })),
  findings: findings.map(({ code, file, fix, line, lines, message, path, repair, serverName, severity }) => ({
    code,
    severity,
    server: serverName,
    file,
    line,
    path: path.map(String).join("."),
    message: redactText(message),
    fix,
    lines: lines.map(redactText),
    fixable: repair !== undefined
  })),
  repaired
})
