/**
 * Raw configuration as a tree: maps are merged key by key, everything else is a leaf.
 */
import { Redacted } from "effect"
import type { ConfigPath } from "./document.ts"

/** A map of a raw configuration. */
export type Tree = { readonly [key: string]: unknown }

/** Whether a value is a map, and so merged key by key. Lists, secrets and scalars are replaced as a whole. */
export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !Redacted.isRedacted(value)

/** Every leaf of a tree with its path. Empty maps are leaves. */
export const leavesOf = (value: unknown, path: ConfigPath = []): ReadonlyArray<readonly [ConfigPath, unknown]> =>
  isTree(value) && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
    : [[path, value]]

/** The value at a path, or `undefined`. */
export const valueAt = (value: unknown, path: ConfigPath): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key) ? Reflect.get(inner, key) : undefined,
    value
  )

/** The map at a path; an empty one where there is none. */
export const treeAt = (value: unknown, path: ConfigPath): Tree => {
  const inner = valueAt(value, path)
  return isTree(inner) ? inner : {}
}

/** The list at a path; an empty one where there is none. */
export const listAt = (value: unknown, path: ConfigPath): ReadonlyArray<unknown> => {
  const inner = valueAt(value, path)
  return Array.isArray(inner) ? inner : []
}

/** Two trees as one: where both have a map it is merged, else `above` counts. */
export const merge = (below: unknown, above: unknown): unknown =>
  isTree(below) && isTree(above)
    ? Object.fromEntries(
        [...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [
          key,
          key in above ? (key in below ? merge(below[key], above[key]) : above[key]) : below[key]
        ])
      )
    : above

/** A copy with another value at a path; maps on the way are made where there are none. */
export const setAt = (value: unknown, path: ConfigPath, leaf: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return leaf
  const tree = isTree(value) ? value : {}
  return { ...tree, [key]: setAt(tree[String(key)], rest, leaf) }
}
