/**
 * A typed value from a model: its answer is decoded by a schema, and it is told what was wrong until it is right.
 */
import { Effect, Result, Schema, SchemaIssue, Struct } from "effect"
import type { ContentBlock, ToolUseBlock } from "../ContentBlock.ts"
import { type ModelError, StructuredOutputInvalid } from "../errors.ts"
import type { LanguageModel } from "../LanguageModel.ts"
import {
  addUsage,
  type Message,
  type ModelReply,
  type ModelRequest,
  noUsage,
  textMessage,
  textOf,
  type Usage
} from "../Message.ts"
import { jsonSchemaOf, type ObjectSchema } from "./jsonSchemaOf.ts"

/** What is asked for. */
export interface GenerateObjectOptions<A> {
  readonly model: LanguageModel["Service"]
  readonly schema: Schema.Decoder<A>
  /** Its tools and tool choice are replaced. */
  readonly request: ModelRequest
  /** Calls of the model in all. Default: 3. */
  readonly attempts?: number
  /** `tool`: a tool that the model must call. `json`: its text, which has to be JSON. Default: `tool`. */
  readonly mode?: "tool" | "json"
  /** What the model sees as the name of the object. Default: `answer`. */
  readonly name?: string
}

/** The value, and what it took. */
export interface GeneratedObject<A> {
  readonly value: A
  /** The sum over all attempts. */
  readonly usage: Usage
  readonly attempts: number
}

type Issues = StructuredOutputInvalid["issues"]

/** Asks for an object. Fails with `StructuredOutputInvalid` when no attempt gives one that fits. */
export const generateObject = Effect.fn("generateObject")(function* <A>({
  attempts = 3,
  mode = "tool",
  model,
  name = "answer",
  request,
  schema
}: GenerateObjectOptions<A>): Effect.fn.Return<GeneratedObject<A>, ModelError | StructuredOutputInvalid> {
  const form = jsonSchemaOf(schema)
  const decode = Schema.decodeUnknownResult(Schema.toCodecJson(schema), { errors: "all" })
  const how = mode === "tool" ? asTool(name, form) : asJson(name, form)
  const added: Array<Message> = []
  let usage = noUsage
  let issues: Issues = []
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const reply = yield* model.generate({ ...how.ask(request), messages: [...request.messages, ...added] })
    usage = addUsage(usage, reply.usage)
    const answer = Result.flatMap(how.read(reply), (found) =>
      Result.mapError(decode(form.unwrap(found)), ({ issue }) => issuesOf(issue).issues.map(shown))
    )
    if (Result.isSuccess(answer)) return { value: answer.success, usage, attempts: attempt }
    issues = answer.failure
    added.push(...how.complain(reply, complaint(issues)))
    yield* Effect.logDebug("The model's object is not valid", { attempt, issues })
  }
  return yield* new StructuredOutputInvalid({ provider: model.provider, attempts, issues })
})

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const shown = ({ message, path = [] }: ReturnType<typeof issuesOf>["issues"][number]): Issues[number] => ({
  path: path.map((part) => String(typeof part === "object" ? part.key : part)).join("."),
  message
})

const complaint = (issues: Issues): string =>
  [
    "That is not valid:",
    ...issues.map(({ message, path }) => (path === "" ? `- ${message}` : `- ${path}: ${message}`)),
    "Answer again, complete, with these corrected."
  ].join("\n")

/** How a model is asked for an object, and how its answer is read. */
interface Mode {
  readonly ask: (request: ModelRequest) => ModelRequest
  readonly read: (reply: ModelReply) => Result.Result<unknown, Issues>
  /** The messages that tell the model what was wrong. */
  readonly complain: (reply: ModelReply, text: string) => ReadonlyArray<Message>
}

const problem = (message: string): Result.Result<never, Issues> => Result.fail([{ path: "", message }])

const asTool = (name: string, { jsonSchema }: ObjectSchema): Mode => ({
  ask: (request) => ({
    ...request,
    tools: [
      {
        name,
        originalName: name,
        description: "Takes the answer. Call it exactly once.",
        inputSchema: jsonSchema,
        annotations: {},
        runBy: { _tag: "Caller" },
        isTrusted: true
      }
    ],
    toolChoice: { type: "tool", name, disableParallel: true }
  }),
  read: ({ content }) => {
    const call = content.find((block): block is ToolUseBlock => block.type === "tool_use" && block.name === name)
    if (call === undefined) return problem(`The tool "${name}" was not called.`)
    if (call.invalidInput !== undefined) return problem("The arguments are not a JSON object.")
    return Result.succeed(call.input)
  },
  complain: ({ content }, text) => {
    const results = content.flatMap((block): ReadonlyArray<ContentBlock> =>
      block.type === "tool_use" ? [{ type: "tool_result", tool_use_id: block.id, content: text, is_error: true }] : []
    )
    return [...said(content), results.length > 0 ? { role: "user", content: results } : textMessage("user", text)]
  }
})

const asJson = (name: string, { jsonSchema }: ObjectSchema): Mode => ({
  ask: (request) => ({
    ...Struct.omit(request, ["toolChoice"]),
    tools: [],
    system: [
      ...request.system,
      {
        type: "text",
        text: `Answer with one JSON object and nothing else. It must fit this JSON Schema:\n${JSON.stringify(jsonSchema)}`
      }
    ],
    vendor: {
      ...request.vendor,
      openai: {
        response_format: { type: "json_schema", json_schema: { name, schema: jsonSchema } },
        ...request.vendor?.["openai"]
      }
    }
  }),
  read: ({ content }) =>
    Result.match(readJson(textOf(content)), {
      onSuccess: (answer) => Result.succeed(answer),
      onFailure: () => problem("The answer is not JSON.")
    }),
  complain: ({ content }, text) => [...said(content), textMessage("user", text)]
})

/** Models like to put a fence around JSON, whatever they are told. */
const readJson = (text: string): Result.Result<unknown, unknown> => {
  const inner = /^\s*```(?:json)?\s*\n([^]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text
  return Result.try((): unknown => JSON.parse(inner))
}

/** A message without content would be refused. */
const said = (content: ModelReply["content"]): ReadonlyArray<Message> =>
  content.length === 0 ? [] : [{ role: "assistant", content }]
