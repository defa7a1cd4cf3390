/**
 * Answers one question of a server, in whichever era it was asked: reads it, asks whoever is there, and holds the
 * answer to what was asked for.
 */
import { Effect, Result } from "effect"
import type { JsonObject } from "./McpTool.ts"
import type { Elicitation, Questions, Respondent, Sampling, SamplingMessage } from "./Questions.ts"
import { compileSchema } from "./sdk.ts"
import { isJsonObject } from "./wire.ts"

/** The answer, or the JSON-RPC error in its place. */
export type Answer = { readonly result: JsonObject } | { readonly error: { code: number; message: string } }

const failed = (code: number, message: string): Answer => ({ error: { code, message } })

const methodNotFound = failed(-32601, "Method not found")
const invalid = (reason: string) => failed(-32602, reason)

/** What a client says that does not want to (MCP sampling, "Error Handling"). */
const declined = failed(-1, "The request was declined")

/** The answer when nobody can be asked any more. */
export const withdrawn = (method: string): Answer =>
  method === "elicitation/create" ? { result: { action: "cancel" } } : declined

/** Answers a question; never fails. Without a respondent there is nobody to ask. */
export const answerQuestion = (
  method: string,
  params: JsonObject,
  questions: Questions,
  respondent: Respondent | undefined
): Effect.Effect<Answer> => {
  switch (method) {
    case "roots/list":
      return Effect.succeed(
        questions.roots === undefined
          ? methodNotFound
          : { result: { roots: questions.roots.map((root) => ({ ...root })) } }
      )
    case "elicitation/create":
      return questions.elicitation.length === 0 ? Effect.succeed(methodNotFound) : elicit(params, questions, respondent)
    case "sampling/createMessage":
      return questions.sampling ? sample(params, respondent) : Effect.succeed(methodNotFound)
    default:
      return Effect.succeed(methodNotFound)
  }
}

const elicit = (
  params: JsonObject,
  questions: Questions,
  respondent: Respondent | undefined
): Effect.Effect<Answer> => {
  const question = readElicitation(params)
  if (typeof question === "string") return Effect.succeed(invalid(question))
  if (!questions.elicitation.includes(question.mode))
    return Effect.succeed(invalid(`The mode "${question.mode}" is not supported`))
  if (respondent === undefined) return Effect.succeed({ result: { action: "decline" } })
  return Effect.flatMap(respondent.elicit(question), (reply): Effect.Effect<Answer> => {
    if (reply.action !== "accept") return Effect.succeed({ result: { action: reply.action } })
    if (question.mode === "url") return Effect.succeed({ result: { action: "accept" } })
    const content = withDefaults(question.schema, reply.content ?? {})
    const violation = question.violation(content)
    if (violation === undefined) return Effect.succeed({ result: { action: "accept", content } })
    return Effect.as(
      Effect.logWarning(`The answer to a question does not fit its schema and was not sent: ${violation}`),
      withdrawn("elicitation/create")
    )
  })
}

/** The question, or what is wrong with it. */
const readElicitation = (params: JsonObject): Elicitation | string => {
  const { message, mode, requestedSchema, url } = params
  if (typeof message !== "string") return "The question has no message"
  if (mode === "url") {
    return typeof url === "string" && URL.canParse(url) ? { mode, message, url } : "The question has no valid URL"
  }
  if (mode !== undefined && mode !== "form") return `The mode ${JSON.stringify(mode)} is not supported`
  if (!isJsonObject(requestedSchema)) return "The question has no requestedSchema"
  const check = Result.try(() => compileSchema(requestedSchema))
  if (Result.isFailure(check)) return "The requestedSchema is not usable"
  return {
    mode: "form",
    message,
    schema: requestedSchema,
    violation: (content) => check.success(withDefaults(requestedSchema, content))
  }
}

/** Members that were left out get the default of their schema (SEP-1034). */
const withDefaults = (schema: JsonObject, content: JsonObject): JsonObject => {
  const properties = schema["properties"]
  if (!isJsonObject(properties)) return content
  const defaults = Object.entries(properties).flatMap(([name, property]) =>
    isJsonObject(property) && property["default"] !== undefined ? [[name, property["default"]] as const] : []
  )
  return { ...Object.fromEntries(defaults), ...content }
}

const sample = (params: JsonObject, respondent: Respondent | undefined): Effect.Effect<Answer> => {
  const wish = readSampling(params)
  if (wish === undefined) return Effect.succeed(invalid("The messages or maxTokens are missing"))
  if (respondent === undefined) return Effect.succeed(declined)
  return Effect.map(respondent.sample(wish), (reply): Answer => {
    if (reply === undefined) return declined
    const { content, model, stopReason } = reply
    const [only, ...more] = content
    return {
      result: {
        role: "assistant",
        model,
        // One block is what every revision understands.
        content: only !== undefined && more.length === 0 ? only : content,
        ...(stopReason === undefined ? {} : { stopReason })
      }
    }
  })
}

const readSampling = (params: JsonObject): Sampling | undefined => {
  const { maxTokens, messages, stopSequences, systemPrompt, temperature } = params
  if (!Array.isArray(messages) || typeof maxTokens !== "number") return undefined
  return {
    messages: messages.flatMap(readMessage),
    maxTokens,
    params,
    ...(typeof systemPrompt === "string" ? { systemPrompt } : {}),
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(Array.isArray(stopSequences) ? { stopSequences: stopSequences.filter((text) => typeof text === "string") } : {})
  }
}

const readMessage = (message: unknown): ReadonlyArray<SamplingMessage> => {
  if (!isJsonObject(message)) return []
  const content = [message["content"]].flat().filter(isBlock)
  return [{ role: message["role"] === "assistant" ? "assistant" : "user", content }]
}

const isBlock = (value: unknown): value is JsonObject & { readonly type: string } =>
  isJsonObject(value) && typeof value["type"] === "string"
