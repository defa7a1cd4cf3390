/**
 * Members of foreign objects, kept where they are what they should be.
 */
import type { JsonObject } from "./McpTool.ts"

/** The members of these names that are texts. */
export const textsOf = <K extends string>(
  value: JsonObject,
  ...names: ReadonlyArray<K>
): { readonly [P in K]?: string } => {
  const found: { [P in K]?: string } = {}
  for (const name of names) {
    const text = value[name]
    if (typeof text === "string") found[name] = text
  }
  return found
}

/** The text of this name, if it is one and not empty. */
export const nameOf = (value: JsonObject, name: string): string | undefined => {
  const text = value[name]
  return typeof text === "string" && text !== "" ? text : undefined
}

/** Reads every entry of a list; one that cannot be used costs only itself. */
export const readEach = <A>(
  items: ReadonlyArray<unknown>,
  read: (item: unknown) => A | string
): { readonly items: ReadonlyArray<Exclude<A, string>>; readonly problems: ReadonlyArray<string> } => {
  const good: Array<Exclude<A, string>> = []
  const problems: Array<string> = []
  for (const item of items) {
    const result = read(item)
    if (typeof result === "string") problems.push(result)
    // What `read` answers is either a reason, which is a text, or an entry.
    else good.push(result as Exclude<A, string>)
  }
  return { items: good, problems }
}
