/**
 * To-dos, and how they read. Pure.
 */
import { Schema } from "effect"

/** How urgent it is. */
export const Priority = Schema.Literals(["high", "medium", "low"])
/** How far it has come. */
export const TodoStatus = Schema.Literals(["pending", "in_progress", "completed"])

/** One to-do. */
export const Todo = Schema.Struct({
  id: Schema.String,
  content: Schema.String,
  status: TodoStatus,
  priority: Priority,
  activeForm: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  due_date: Schema.optionalKey(Schema.String),
  tags: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Todo = typeof Todo.Type

/** All to-dos of a conversation. */
export const TodoList = Schema.Array(Todo)

const boxes = { pending: "[ ]", in_progress: "[~]", completed: "[x]" } as const

const lineOf = ({ content, due_date, id, status, tags }: Todo): string =>
  [
    `- ${boxes[status]} ${content} (${id})`,
    ...(due_date === undefined ? [] : [`due ${due_date}`]),
    ...(tags === undefined || tags.length === 0 ? [] : [tags.map((tag) => `#${tag}`).join(" ")])
  ].join(", ")

/** The list as Markdown, the urgent ones first. */
export const renderTodos = (todos: ReadonlyArray<Todo>): string => {
  const groups = Priority.literals.flatMap((priority) => {
    const lines = todos.filter((todo) => todo.priority === priority).map(lineOf)
    return lines.length === 0 ? [] : [`## ${priority}\n${lines.join("\n")}`]
  })
  return groups.length === 0 ? "There are no to-dos." : groups.join("\n\n")
}
