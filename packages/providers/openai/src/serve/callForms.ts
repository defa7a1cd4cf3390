/**
 * Tools that are no functions to their caller: free text goes in (`custom`), a command (`local_shell`), or the
 * name stands in a namespace. To models they are functions all the same; here is how one becomes the other.
 */
import { fitName, isJsonObject, type JsonObject, type ToolDefinition } from "@signalbox/model"
import { Option, Schema } from "effect"

/** How a call is shown to the caller, where that is not as a function of the same name. */
export interface CallForm {
  readonly kind: "function" | "custom" | "local_shell"
  /** The caller's name for the tool. */
  readonly name: string
  readonly namespace?: string
}

/** The forms by the names that models know. */
export type CallForms = ReadonlyMap<string, CallForm>

/** A tool of a request, and the form of its calls. */
export interface ServedTool {
  readonly definition: ToolDefinition
  readonly form?: CallForm
}

const emptySchema: JsonObject = { type: "object", properties: {} }

/** A tool that the caller runs. */
export const callerTool = (name: string, description: unknown, schema: unknown): ToolDefinition => ({
  name,
  originalName: name,
  description: typeof description === "string" ? description : "",
  inputSchema: isJsonObject(schema) ? { ...emptySchema, ...schema } : emptySchema,
  annotations: {},
  runBy: { _tag: "Caller" },
  isTrusted: false
})

const customSchema: JsonObject = {
  type: "object",
  properties: { input: { type: "string" } },
  required: ["input"],
  additionalProperties: false
}

/** What the input must look like, in words: only OpenAI itself holds a model to a grammar. */
const formatWords = (format: unknown): string => {
  if (!isJsonObject(format) || format["type"] !== "grammar") return ""
  const grammar = isJsonObject(format["grammar"]) ? format["grammar"] : format
  return `\n\nThe input must match this ${String(grammar["syntax"])} grammar:\n${String(grammar["definition"])}`
}

/** A tool that takes free text. */
export const customTool = (name: string, shownName: string, tool: JsonObject): ServedTool => {
  const description = typeof tool["description"] === "string" ? tool["description"] : ""
  return {
    definition: callerTool(name, `${description}${formatWords(tool["format"])}`.trim(), customSchema),
    form: { kind: "custom", name: shownName }
  }
}

/** OpenAI's shell of the caller's machine. */
export const localShellTool: ServedTool = {
  definition: callerTool("local_shell", "Runs a command on the caller's machine and returns its output.", {
    type: "object",
    properties: {
      command: { type: "array", items: { type: "string" } },
      working_directory: { type: "string" },
      timeout_ms: { type: "integer" },
      env: { type: "object", additionalProperties: { type: "string" } }
    },
    required: ["command"]
  }),
  form: { kind: "local_shell", name: "local_shell" }
}

/** The name of a tool of a namespace, as models see it. */
export const nameIn = (namespace: unknown, name: string): string =>
  typeof namespace === "string" && namespace !== "" ? fitName(`${namespace}__${name}`) : name

/** Each tool once: upstreams refuse two of a name. */
export const distinctTools = (tools: ReadonlyArray<ServedTool>): ReadonlyArray<ServedTool> =>
  tools.filter((tool, index) => tools.findIndex(({ definition }) => definition.name === tool.definition.name) === index)

/** The forms of those tools that have one. */
export const formsOf = (tools: ReadonlyArray<ServedTool>): CallForms =>
  new Map(tools.flatMap(({ definition, form }) => (form === undefined ? [] : [[definition.name, form] as const])))

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** The text of arguments as an object; anything else as nothing. */
export const readArguments = (text: unknown): JsonObject | undefined => {
  const value = typeof text === "string" ? Option.getOrUndefined(decodeJson(text)) : text
  return isJsonObject(value) ? value : undefined
}

/** The arguments of a call of a `custom` tool as its free text; what the model got wrong stays as it is. */
export const customInput = (text: string): string => {
  const input = readArguments(text)?.["input"]
  return typeof input === "string" ? input : text
}
