/**
 * Where the program that the tests start is: a bundle of its own, so that nobody who builds meanwhile is in the way.
 */
import { fileURLToPath } from "node:url"

/** The folder of the bundle. */
export const program = fileURLToPath(new URL("../node_modules/.cache/program", import.meta.url))

/** The entry of the program. */
export const main = `${program}/main.js`
