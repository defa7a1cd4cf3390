/** The log of an fx-llm that runs as a process: one line when a request arrives, one when its answer ends. */
import { readFileSync } from "node:fs"
import type { RequestOutcome, SeenRequest } from "./SeenRequest.ts"

/** One line. A request carries method, path, headers and body; an end carries status, pieces and outcome. */
export interface FxLlmEvent {
  readonly event: "request" | "end"
  readonly n: number
  readonly kind: SeenRequest["kind"]
  readonly at: number
  readonly method?: string
  readonly path?: string
  readonly headers?: SeenRequest["headers"]
  readonly body?: unknown
  readonly status?: number
  readonly piecesSent?: number
  readonly outcome?: RequestOutcome
}

/** Reads a log; a file that does not exist yet is empty, and a line still being written is left out. */
export const readFxLlmLog = (file: string): ReadonlyArray<FxLlmEvent> => {
  const lines = readText(file).split("\n")
  // What follows the last line end is a line that is not finished; the others were written by fx-llm.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as FxLlmEvent)
}

const readText = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return ""
    throw cause
  }
}
