/**
 * Task: gives a task to a sub-agent (`description`, `prompt`), or keeps a plain list of tasks (`action`), as older
 * clients mean it.
 */
import type { CallContext } from "@signalbox/model"
import { Effect, Random, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import { EntryNotFound, SubAgentUnavailable } from "../errors.ts"
import type { StateFiles } from "../todo/StateFiles.ts"
import { SubAgent } from "./SubAgent.ts"

const unused = (why: string) => ({ description: `Changes nothing: ${why}.` })

/** What clients say to sub-agents of their own. */
const ignored = {
  model: Schema.optionalKey(Schema.String.annotate(unused("the configuration says which model an agent has"))),
  effort: Schema.optionalKey(Schema.String.annotate(unused("the configuration says how an agent works"))),
  run_in_background: Schema.optionalKey(Schema.Boolean.annotate(unused("the answer is waited for"))),
  isolation: Schema.optionalKey(Schema.String.annotate(unused("it works in the same folders")))
}

const Input = Schema.Struct({
  description: Schema.optionalKey(Schema.String.annotate({ description: "The task in a few words." })),
  prompt: Schema.optionalKey(Schema.String.annotate({ description: "All that the sub-agent has to know and to do." })),
  subagent_type: Schema.optionalKey(
    Schema.String.annotate({ description: "Which kind of agent, where there are several." })
  ),
  ...ignored,
  action: Schema.optionalKey(
    Schema.Literals(["list", "add", "complete", "remove"]).annotate({
      description: "Instead of prompt: work on the list of tasks."
    })
  ),
  task: Schema.optionalKey(Schema.String.annotate({ description: "What to add to the list." })),
  task_id: Schema.optionalKey(Schema.String.annotate({ description: "The entry of the list that is meant." }))
})
type TaskInput = typeof Input.Type

const ListedTask = Schema.Struct({ id: Schema.String, task: Schema.String, isDone: Schema.Boolean })
type ListedTask = typeof ListedTask.Type
const TaskList = Schema.Array(ListedTask)
const kind = "tasks"

const render = (tasks: ReadonlyArray<ListedTask>): string =>
  tasks.length === 0
    ? "There are no tasks."
    : tasks.map(({ id, isDone, task }) => `- [${isDone ? "x" : " "}] ${task} (${id})`).join("\n")

const change = Effect.fnUntraced(function* (tasks: ReadonlyArray<ListedTask>, { action, task, task_id }: TaskInput) {
  if (action === "add") {
    if (task === undefined || task === "") return yield* invalidInput("Task", "task", "Expected what is to be done")
    const id = (yield* Random.nextIntBetween(0, 2 ** 31)).toString(16).padStart(8, "0")
    return [...tasks, { id, task, isDone: false }]
  }
  const found = tasks.find(({ id }) => id === task_id)
  if (found === undefined) return yield* new EntryNotFound({ id: task_id ?? "", list: "task" })
  return action === "remove"
    ? tasks.filter((one) => one !== found)
    : tasks.map((one) => (one === found ? { ...one, isDone: true } : one))
})

const give = Effect.fnUntraced(function* ({ description, prompt, subagent_type }: TaskInput, context: CallContext) {
  if (prompt === undefined || prompt === "")
    return yield* invalidInput("Task", "prompt", "Expected the task, or an action for the list of tasks")
  const agent = yield* SubAgent
  if (agent === undefined) return yield* new SubAgentUnavailable({ reason: "there is none here" })
  const answer = yield* Effect.mapError(
    agent.run({ description: description ?? "", prompt, agentType: subagent_type, context }),
    (cause) => new SubAgentUnavailable({ reason: cause.message, cause })
  )
  return { text: answer }
})

/** Makes the tool. */
export const taskTool = (state: StateFiles) =>
  builtIn({
    name: "Task",
    description: "Gives a task to a sub-agent, which does it by itself and answers with the result.",
    input: Input,
    annotations: {
      title: "Give a task to a sub-agent",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: true
    },
    run: (input, context) => {
      if (input.action === undefined) return give(input, context)
      if (input.action === "list")
        return Effect.map(state.read(kind, TaskList, [], context), (tasks) => ({
          text: render(tasks),
          data: { tasks }
        }))
      return state.update(kind, TaskList, [], context, (tasks) =>
        Effect.map(change(tasks, input), (next) => ({
          state: next,
          answer: { text: render(next), data: { tasks: next } }
        }))
      )
    }
  })
