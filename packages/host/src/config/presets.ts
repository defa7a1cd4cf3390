/**
 * Named sets of values that a file may extend. There is one: what `signalbox init` would write.
 */
import { parseYaml } from "./document.ts"
import { configTemplate } from "./template.ts"

/** The values of `preset:default@1`, as they stand in the template. */
export const presetValue: unknown = parseYaml(configTemplate)

/** Presets by the name that a file gives in `extends`. */
export const presets: ReadonlyMap<string, unknown> = new Map([["preset:default@1", presetValue]])
