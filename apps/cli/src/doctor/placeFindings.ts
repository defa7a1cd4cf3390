/**
 * Findings with the line of the configuration that each is about.
 */
import type { LoadedConfig } from "@signalbox/host"
import type { Finding, ProviderFinding } from "@signalbox/host/doctor"

/** A finding, and where that stands. */
export type Placed<F extends Finding | ProviderFinding> = F & {
  readonly file: string
  /** 0 where the value comes from the environment. */
  readonly line: number
}

/** Each by itself: problems of one error are put in the order of their lines. */
export const placeFindings = <F extends Finding | ProviderFinding>(
  findings: ReadonlyArray<F>,
  config: LoadedConfig
): ReadonlyArray<Placed<F>> =>
  findings.map((found) => {
    const { file, problems } = config.invalid([{ message: found.message, path: found.path }])
    return { ...found, file, line: problems[0]?.line ?? 0 }
  })
