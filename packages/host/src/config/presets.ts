/**
 * Named sets of values that a file may extend. There is one: what `signalbox init` would write.
 */
import { presetValue } from "./presetValue.ts"

/** Presets by the name that a file gives in `extends`. */
export const presets: ReadonlyMap<string, unknown> = new Map([["preset:default@1", presetValue]])
