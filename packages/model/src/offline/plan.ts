/**
 * What to do about one request: call a tool, ask for an argument that is missing, or say that nothing fits.
 */
import type { JsonObject } from "../ContentBlock.ts"
import { type Addressed, readAddress, withSpokenName } from "./address.ts"
import type { Catalogue, PreparedTool } from "./catalogue.ts"
import { fill, type FillOptions } from "./fill.ts"
import type { Parameter } from "./parameters.ts"
import { type Candidate, isConvincing, rank } from "./rank.ts"
import { understand } from "./understand.ts"

export type Plan =
  | {
      readonly _tag: "Call"
      readonly tool: PreparedTool
      readonly inputs: ReadonlyArray<JsonObject>
      readonly score: number
    }
  | { readonly _tag: "Ask"; readonly tool: PreparedTool; readonly parameter: Parameter; readonly score: number }
  | { readonly _tag: "Nothing"; readonly nearest: ReadonlyArray<PreparedTool> }

export interface PlanOptions extends FillOptions {
  /** Use this tool whatever the words say. */
  readonly tool?: string | undefined
  /** Call the best tool even when the words say little. */
  readonly mustCall?: boolean
}

/** The same call once for each path, where the tool takes one and the person named several. */
const inputsOf = (candidate: Candidate): ReadonlyArray<JsonObject> => {
  const { filled, prepared } = candidate
  const path = prepared.parameters.filter(({ isRequired, role }) => isRequired && role === "path")
  const [only] = path
  const more = filled.unused.filter(({ kind }) => kind === "path")
  const required = prepared.parameters.filter(({ isRequired }) => isRequired).length
  if (only === undefined || path.length > 1 || required > 1 || more.length === 0) return [filled.input]
  return [filled.input, ...more.map(({ value }) => ({ ...filled.input, [only.name]: value }))]
}

/** A tool that is certain, whatever the words say. */
const certain = (addressed: Addressed, prepared: PreparedTool, options: FillOptions): Candidate => {
  const filled = fill(prepared.tool, prepared.parameters, withSpokenName(addressed, prepared), options)
  return { prepared, filled, score: 10, evidence: 10 }
}

const candidatesFor = (catalogue: Catalogue, text: string, options: PlanOptions): ReadonlyArray<Candidate> => {
  const request = understand(text)
  const addressed = readAddress(catalogue, request)
  const forced = options.tool === undefined ? undefined : catalogue.tools.find(({ tool }) => tool.name === options.tool)
  if (forced !== undefined) return [certain(addressed, forced, options)]
  if (addressed.named.length === 0) return rank(catalogue, request, addressed, options)
  return addressed.named.map((prepared) => certain(addressed, prepared, options))
}

/** Plans one request. */
export const planRequest = (catalogue: Catalogue, text: string, options: PlanOptions): Plan => {
  const candidates = candidatesFor(catalogue, text, options)
  const [best] = candidates
  if (best === undefined || (options.mustCall !== true && !isConvincing(best))) {
    return { _tag: "Nothing", nearest: candidates.slice(0, 3).map(({ prepared }) => prepared) }
  }
  const [missing] = best.filled.missing
  if (missing !== undefined) return { _tag: "Ask", tool: best.prepared, parameter: missing, score: best.score }
  return { _tag: "Call", tool: best.prepared, inputs: inputsOf(best), score: best.score }
}
