/**
 * The versions of the API (`anthropic-version`). They are dates, so that later ones compare greater.
 */

/** Fields that the first version took and later ones refuse, whatever their value. */
export const samplingFields = ["temperature", "top_p", "top_k"] as const

/** The first version of the API after 2023-06-01. */
const second = "2026-10-21"

/** Whether a version answers 400 to sampling fields. */
export const refusesSampling = (version: string): boolean => /^\d{4}-\d\d-\d\d$/.test(version) && version >= second
