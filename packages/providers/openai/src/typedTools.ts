/**
 * Tools that the Messages API knows by their type: clients send no schema for them, because Claude has learnt it.
 * Other models are told the published one.
 */
import type { JsonObject } from "@signalbox/model"

interface TypedTool {
  readonly description: string
  readonly inputSchema: JsonObject
}

const text = { type: "string" }
const whole = { type: "integer" }
const paths = {
  path: { type: "string", description: "Absolute path of the file or directory." },
  file_text: { type: "string", description: "Content of the file, for create." },
  old_str: { type: "string", description: "Text to replace, exactly as it stands in the file, for str_replace." },
  new_str: { type: "string", description: "Text that takes its place, for str_replace." },
  insert_line: { type: "integer", description: "Line after which to insert, 0 for the beginning." },
  view_range: { type: "array", items: whole, description: "First and last line to show; -1 is the end." }
}

const ofCommands = (commands: ReadonlyArray<string>, properties: JsonObject): JsonObject => ({
  type: "object",
  properties: { command: { type: "string", enum: commands }, ...properties },
  required: ["command"]
})

const editor = (commands: ReadonlyArray<string>, inserted: string): TypedTool => ({
  description: "Views, creates and edits text files.",
  inputSchema: ofCommands(commands, { ...paths, [inserted]: { ...text, description: "Text to insert, for insert." } })
})

/** By the name of the type without its date, and where it matters with it. The first that fits counts. */
const table: ReadonlyArray<readonly [type: RegExp, tool: TypedTool]> = [
  [
    /^bash_/,
    {
      description: "Runs a command in a bash session that stays open between calls.",
      inputSchema: {
        type: "object",
        properties: { command: text, restart: { type: "boolean", description: "Begins a new session instead." } }
      }
    }
  ],
  [/^text_editor_20250124$/, editor(["view", "create", "str_replace", "insert", "undo_edit"], "new_str")],
  [/^text_editor_/, editor(["view", "create", "str_replace", "insert"], "insert_text")],
  [
    /^memory_/,
    {
      description: "Keeps notes in files below /memories that later conversations can read.",
      inputSchema: ofCommands(["view", "create", "str_replace", "insert", "delete", "rename"], {
        ...paths,
        insert_text: { ...text, description: "Text to insert, for insert." },
        old_path: { ...text, description: "Path before, for rename." },
        new_path: { ...text, description: "Path after, for rename." }
      })
    }
  ]
]

/** What is published of a type; `undefined` for one that only its vendor knows. */
export const typedTool = (type: string): TypedTool | undefined => table.find(([pattern]) => pattern.test(type))?.[1]
