/**
 * What a server says about its tools. Names, texts and hints are the server's own: foreign, and not to be trusted.
 */

import type { Fresh } from "./freshList.ts"

/** A JSON object whose members are not known in advance. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What a tool says about itself (MCP schema, `ToolAnnotations`). Hints only: a server may lie. */
export interface ToolHints {
  readonly title?: string
  readonly readOnlyHint?: boolean
  readonly destructiveHint?: boolean
  readonly idempotentHint?: boolean
  readonly openWorldHint?: boolean
}

/** One tool as the server lists it. */
export interface McpTool {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly inputSchema: JsonObject
  readonly outputSchema?: JsonObject
  readonly annotations?: ToolHints
  /** Whether the server runs its calls as tasks; `required` runs no other. */
  readonly execution?: { readonly taskSupport: "optional" | "required" }
  readonly _meta?: JsonObject
}

/** The tools of a server. One bad tool costs only itself: it is left out and named in `problems`. */
export interface ToolList extends Fresh {
  readonly tools: ReadonlyArray<McpTool>
  readonly problems: ReadonlyArray<{ readonly tool: string | undefined; readonly reason: string }>
}
