/** What a running host leaves to be found by, and how to see that nothing else is left of it. */
import { waitFor } from "@signalbox/testing"
import { readFileSync } from "node:fs"
import type { Place } from "./support.ts"

export const nothingLeft = (place: Place) =>
  waitFor(async () => (await place.processes()).length === 0, {
    description: "the end of everything that was started",
    limitMs: 40_000
  })

/** What a host says of itself. */
export const recordOf = (place: Place) => {
  const file = place.controlFiles().find((name) => name.endsWith(".json")) ?? ""
  return JSON.parse(readFileSync(place.file(`signalbox/${file}`), "utf8"))
}
