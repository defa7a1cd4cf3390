/** How a result is printed. */
import type { ProofResult } from "./Proof.ts"

/** What is printed of a run. */
export interface Report extends ProofResult {
  readonly name: string
  readonly scale: number
  readonly seed: number
  readonly seconds: number
}

/** Whether all that was claimed is so. */
export const holds = ({ claims }: ProofResult): boolean => claims.every((claim) => claim.holds)

/** Each claim on a line, what speaks against it below, and the numbers at the end. */
export const reportText = (report: Report): string => {
  const lines = report.claims.flatMap(({ found, holds, look, name }) => [
    `  ${holds ? "held  " : "FAILED"}  ${name}: ${found}`,
    ...(holds ? [] : look.map((hint) => `            look at: ${hint}`))
  ])
  const held = report.claims.filter((claim) => claim.holds).length
  const numbers = Object.entries(report.numbers).map(([key, value]) => `${key} ${rounded(value)}`)
  const summary = `${report.name}: ${held} of ${report.claims.length} claims held in ${report.seconds.toFixed(1)} s (scale ${report.scale}, seed ${report.seed}); ${numbers.join(", ")}`
  const table = (report.table ?? []).map((cells) => cells.join(" | "))
  return [...table, ...lines, summary].join("\n")
}

const rounded = (value: number): string => String(Number(value.toFixed(value < 10 ? 3 : 1)))

/** The table of a result in Markdown; nothing where it has none. */
export const markdown = ({ table = [] }: ProofResult): string => {
  const [heads = [], ...rows] = table
  return [heads, heads.map(() => "---"), ...rows].map(markdownLine).join("\n")
}

const markdownLine = (cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
