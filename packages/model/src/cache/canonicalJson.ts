/**
 * JSON in which the same content is always the same text.
 */
import { isJsonObject } from "../ContentBlock.ts"

/** The text of a value, the keys of its objects in order. */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => sorted(part))

const sorted = (part: unknown): unknown =>
  isJsonObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part
