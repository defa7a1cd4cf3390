/**
 * Findings with the line of the configuration that each is about.
 */
import type { LoadedConfig } from "@signalbox/host"
import type { Finding } from "@signalbox/host/doctor"

/** A finding, and where that stands. */
export interface PlacedFinding extends Finding {
  readonly file: string
  /** 0 where the value comes from the environment. */
  readonly line: number
}

/** Each by itself: problems of one error are put in the order of their lines. */
export const placeFindings = (findings: ReadonlyArray<Finding>, config: LoadedConfig): ReadonlyArray<PlacedFinding> =>
  findings.map((found) => {
    const { file, problems } = config.invalid([{ message: found.message, path: found.path }])
    return { ...found, file, line: problems[0]?.line ?? 0 }
  })
