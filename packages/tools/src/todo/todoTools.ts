/**
 * TodoRead and TodoWrite: the list of one conversation.
 */
import type { InvalidParams } from "@signalbox/model"
import { Effect, Random, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import { EntryNotFound } from "../errors.ts"
import type { StateFiles } from "./StateFiles.ts"
import { Priority, renderTodos, type Todo, TodoList, TodoStatus } from "./Todo.ts"

const ReadInput = Schema.Struct({
  status_filter: Schema.optionalKey(Schema.Literals(["all", "pending", "in_progress", "completed"])),
  priority_filter: Schema.optionalKey(Schema.Literals(["all", ...Priority.literals]))
})

const details = {
  description: Schema.optionalKey(Schema.String),
  due_date: Schema.optionalKey(Schema.String),
  tags: Schema.optionalKey(Schema.Array(Schema.String))
}

const WriteInput = Schema.Struct({
  todos: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        content: Schema.NonEmptyString,
        status: TodoStatus,
        activeForm: Schema.optionalKey(Schema.String),
        id: Schema.optionalKey(Schema.String),
        priority: Schema.optionalKey(Priority),
        ...details
      })
    ).annotate({ description: "The whole list, in place of the one that is there." })
  ),
  action: Schema.optionalKey(
    Schema.Literals(["add", "update", "delete", "complete"]).annotate({
      description: "Changes one to-do, instead of todos."
    })
  ),
  todo_id: Schema.optionalKey(Schema.String.annotate({ description: "The to-do that the action is about." })),
  title: Schema.optionalKey(Schema.String),
  priority: Schema.optionalKey(Priority),
  ...details
})

type Write = typeof WriteInput.Type
const kind = "todos"

const newId = Effect.map(Random.nextIntBetween(0, 2 ** 31), (number) => number.toString(16).padStart(8, "0"))

const detailsOf = ({ description, due_date, tags }: Pick<Write, "description" | "due_date" | "tags">) => ({
  ...(description === undefined ? {} : { description }),
  ...(due_date === undefined ? {} : { due_date }),
  ...(tags === undefined ? {} : { tags })
})

const replaceAll = (todos: NonNullable<Write["todos"]>) =>
  Effect.forEach(todos, (todo) =>
    Effect.map(newId, (id): Todo => ({ ...todo, id: todo.id ?? id, priority: todo.priority ?? "medium" }))
  )

const add = (todos: ReadonlyArray<Todo>, { priority = "medium", title, ...rest }: Write) =>
  title === undefined || title === ""
    ? Effect.fail(invalidInput("TodoWrite", "title", "Expected what is to be done"))
    : Effect.map(newId, (id) => [
        ...todos,
        { id, content: title, status: "pending" as const, priority, ...detailsOf(rest) }
      ])

const changeOne = (todos: ReadonlyArray<Todo>, { action, priority, title, todo_id, ...rest }: Write) => {
  if (todo_id === undefined)
    return Effect.fail(invalidInput("TodoWrite", "todo_id", "Expected the to-do that the action is about"))
  const found = todos.find(({ id }) => id === todo_id)
  if (found === undefined) return Effect.fail(new EntryNotFound({ id: todo_id, list: "to-do" }))
  if (action === "delete") return Effect.succeed(todos.filter((todo) => todo !== found))
  const changed: Todo =
    action === "complete"
      ? { ...found, status: "completed" }
      : {
          ...found,
          ...(title === undefined ? {} : { content: title }),
          ...(priority === undefined ? {} : { priority }),
          ...detailsOf(rest)
        }
  return Effect.succeed(todos.map((todo) => (todo === found ? changed : todo)))
}

const change = (
  todos: ReadonlyArray<Todo>,
  input: Write
): Effect.Effect<ReadonlyArray<Todo>, EntryNotFound | InvalidParams> => {
  if (input.todos !== undefined) return replaceAll(input.todos)
  if (input.action === undefined)
    return Effect.fail(invalidInput("TodoWrite", "todos", "Expected the list, or an action for one to-do"))
  return input.action === "add" ? add(todos, input) : changeOne(todos, input)
}

/** Makes the tool. */
export const todoReadTool = (state: StateFiles) =>
  builtIn({
    name: "TodoRead",
    description: "Shows the to-dos of this conversation.",
    input: ReadInput,
    annotations: { title: "Show the to-dos", readOnlyHint: true, openWorldHint: false },
    run: Effect.fnUntraced(function* ({ priority_filter = "all", status_filter = "all" }, context) {
      const todos = (yield* state.read(kind, TodoList, [], context)).filter(
        ({ priority, status }) =>
          (status_filter === "all" || status === status_filter) &&
          (priority_filter === "all" || priority === priority_filter)
      )
      return { text: renderTodos(todos), data: { todos } }
    })
  })

/** Makes the tool. */
export const todoWriteTool = (state: StateFiles) =>
  builtIn({
    name: "TodoWrite",
    description: "Replaces the to-dos of this conversation (todos), or changes one of them (action).",
    input: WriteInput,
    annotations: {
      title: "Change the to-dos",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: false
    },
    run: (input, context) =>
      state.update(kind, TodoList, [], context, (todos) =>
        Effect.map(change(todos, input), (next) => ({
          state: next,
          answer: { text: renderTodos(next), data: { todos: next } }
        }))
      )
  })
