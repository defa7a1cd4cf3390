/**
 * No logging: what is measured is the work, and the report is all that is printed.
 */
import { Logger } from "effect"

export const silent = Logger.layer([])
