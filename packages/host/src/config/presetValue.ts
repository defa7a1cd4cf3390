/**
 * The values of `preset:default@1`, as they stand in the template. A bundler may put the values in the place of this file:
 * parsing the template takes every start as long as everything else that is done with a configuration.
 */
import { parseYaml } from "./document.ts"
import { configTemplate } from "./template.ts"

/** Values by key, for whatever extends the preset. */
export const presetValue: unknown = parseYaml(configTemplate)
