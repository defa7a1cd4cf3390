/**
 * How an agent names what it may use: a server (`files`, `mcp.files`) or one tool of a server (`mcp.files.read_file`).
 */

/** What a reference stands for. */
export interface ServerReference {
  readonly server: string
  /** As its server names it. `undefined` means all tools. */
  readonly tool: string | undefined
}

/** Reads a reference. Server names have no dots, tool names may. */
export const readReference = (text: string): ServerReference => {
  const [, server, tool] = /^mcp\.([^.]*)(?:\.(.+))?$/.exec(text) ?? []
  return server === undefined ? { server: text, tool: undefined } : { server, tool }
}

/** Writes a name in the place of that of the server. */
export const withServer = (text: string, server: string): string => {
  const { tool } = readReference(text)
  if (!text.startsWith("mcp.")) return server
  return tool === undefined ? `mcp.${server}` : `mcp.${server}.${tool}`
}
