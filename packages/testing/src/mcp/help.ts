/** The text of `fx-mcp --help`, made from the tables, and the table of tools. */
import { faultTable } from "./faultTable.ts"
import { type Flag, flagTable } from "./flagTable.ts"
import { flagName } from "./flags.ts"
import { builtInTools } from "./tools.ts"

/** The whole help text. */
export const helpText = (): string =>
  [
    "fx-mcp: a misbehaving MCP server. Without flags it is a well-behaved one on stdin and stdout.",
    "",
    "  fx-mcp --tools echo,add --call-delay 500ms",
    "  fx-mcp --http 0 --fault status:503@call:2 --retry-after 1",
    "",
    ...Object.entries(flagTable).map(([group, rows]) => groupText(group, rows)),
    "FAULT is KIND[:VALUE][@WHERE[:WHICH]]. WHERE is initialize (also server/discover), list or call (default);",
    "WHICH is the nth such request (from 1) or a tool's name, and without it every one. Kinds:",
    ...Object.entries(faultTable).map(([kind, row]) =>
      line("value" in row ? `${kind}:${row.value}` : kind, `${row.help}${"only" in row ? ` (${row.only} only)` : ""}`)
    ),
    "",
    "Tools:",
    ...builtInTools.map((tool) => line(tool.name, tool.description)),
    ""
  ].join("\n")

const groupText = (group: string, rows: Readonly<Record<string, Flag>>): string =>
  `${group}:\n${Object.entries(rows)
    .map(([key, row]) => `${line(`--${flagName(key)} ${row.value}`.trimEnd(), row.help)}\n`)
    .join("")}`

const line = (left: string, right: string): string => `  ${left.padEnd(34)} ${right}`
