/**
 * Requests and tools as small as they can be, for tests that are about something else.
 */
import { type ModelRequest, textMessage } from "../Message.ts"
import type { ToolDefinition } from "../Tool.ts"

/** A request of one user message to the default model. */
export const askFor = (text = "hello", fields: Partial<ModelRequest> = {}): ModelRequest => ({
  model: "",
  system: [],
  messages: [textMessage("user", text)],
  tools: [],
  maxTokens: 256,
  ...fields
})

/** A tool of the caller that takes a path. */
export const toolNamed = (name: string, fields: Partial<ToolDefinition> = {}): ToolDefinition => ({
  name,
  originalName: name,
  description: `Does ${name}.`,
  inputSchema: { type: "object", properties: { path: { type: "string" } } },
  annotations: {},
  runBy: { _tag: "Caller" },
  isTrusted: false,
  ...fields
})
