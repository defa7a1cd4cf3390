/** The tools that one server offers: chosen by `--tools`, listed in pages, spoilt where the flags want it. */
import { FlagError, type ParsedFlags } from "./flags.ts"
import { errorCode, type Json, RpcError } from "./protocol.ts"
import { builtInTools, generatedTool, type Tool } from "./tools.ts"

/** Finds and lists tools; `add` makes the tool `added` appear and answers whether it is new. */
export const makeToolList = (flags: ParsedFlags) => {
  const tools = chooseTools(flags.tools)
  const listed = (): ReadonlyArray<Json> => {
    const good = tools.map((tool) => ({
      ...shownTool(tool),
      ...(flags.tasks === undefined ? {} : { execution: { taskSupport: flags.tasks } })
    }))
    return [
      ...good,
      ...(flags.duplicateTools ? good.slice(0, 1) : []),
      ...(flags.noInputSchema ? [{ name: "no_input_schema", description: "Has no inputSchema." }] : []),
      ...(flags.brokenOutputSchema
        ? [
            {
              name: "broken_output_schema",
              description: "Its outputSchema is not a JSON Schema.",
              inputSchema: { type: "object" },
              outputSchema: { type: "object", properties: { a: { type: "nonsense", pattern: "(" } } }
            }
          ]
        : [])
    ]
  }
  return {
    find: (name: string): Tool => {
      const found = tools.find((tool) => tool.name === name)
      if (found !== undefined) return found
      const isSpoilt = (flags.noInputSchema && name === "no_input_schema") || name === "broken_output_schema"
      if (isSpoilt) return generatedTool(name)
      throw new RpcError(errorCode.invalidParams, `Unknown tool: ${name}`)
    },
    page: (cursor: unknown): Json => {
      const all = listed()
      const size = flags.pageSize ?? Math.max(1, all.length)
      const from = readCursor(cursor)
      const page = all.slice(from, from + size)
      if (flags.sameCursor) return { tools: all.slice(0, size), nextCursor: "0" }
      if (flags.endlessCursors) return { tools: page, nextCursor: String(from + size) }
      return from + size < all.length ? { tools: page, nextCursor: String(from + size) } : { tools: page }
    },
    add: (): boolean => {
      if (tools.some((tool) => tool.name === "added")) return false
      tools.push(generatedTool("added", "Appeared while the server ran."))
      return true
    }
  }
}

const shownTool = ({ name, description, inputSchema, outputSchema, annotations }: Tool): Json => ({
  name,
  description,
  inputSchema,
  ...(outputSchema === undefined ? {} : { outputSchema }),
  annotations
})

const readCursor = (cursor: unknown): number => {
  if (cursor === undefined) return 0
  const from = Number(cursor)
  if (!Number.isInteger(from) || from < 0) throw new RpcError(errorCode.invalidParams, "Invalid cursor")
  return from
}

const chooseTools = (list: string | undefined): Array<Tool> =>
  list === undefined
    ? [...builtInTools]
    : list
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "")
        .flatMap((item) => {
          if (/^\d+$/.test(item)) {
            return Array.from({ length: Number(item) }, (_, index) => generatedTool(`tool_${index + 1}`))
          }
          const found = builtInTools.find((tool) => tool.name === item)
          if (found !== undefined) return [found]
          const names = builtInTools.map((tool) => tool.name).join(", ")
          throw new FlagError(`--tools: there is no tool "${item}". Built-in tools: ${names}; or a number.`)
        })
