/**
 * The prompts of one connection.
 */
import { Effect } from "effect"
import { rawResult } from "./Channel.ts"
import type { Connection } from "./Connection.ts"
import { InvalidResult } from "./connectionErrors.ts"
import { nameOf, readEach, textsOf } from "./fields.ts"
import { whenStale } from "./freshList.ts"
import type { Listing, McpPrompt, PromptArgument, PromptMessages, Prompts } from "./McpPrompt.ts"
import type { JsonObject } from "./McpTool.ts"
import { readPages } from "./readPages.ts"
import { requestPlain, within } from "./requestPlain.ts"
import { isJsonObject } from "./wire.ts"

/** Makes them. */
export const makePrompts = (connection: Connection): Prompts => {
  const { changes, server, session } = connection
  const isOffered = session.handshake.capabilities["prompts"] !== undefined
  const list = Effect.map(
    readPages(connection, "prompts/list", "prompts"),
    ({ items, problems, ...fresh }): Listing<McpPrompt> => {
      const read = readEach(items, readPrompt)
      return { items: read.items, problems: [...read.problems, ...problems], ...fresh }
    }
  ).pipe(within(server.name, "prompts/list", server.connectTimeout))
  return {
    list: isOffered ? whenStale(changes.prompts, list) : Effect.succeed({ items: [], problems: [] }),
    get: ({ arguments: given, name, respondent }) =>
      requestPlain(
        connection,
        "prompts/get",
        { name, ...(given === undefined ? {} : { arguments: given }) },
        respondent
      ).pipe(
        Effect.flatMap((result) => readMessages(server.name, rawResult(result))),
        within(server.name, "prompts/get", respondent === undefined ? server.idleTimeout : server.callTimeout),
        Effect.withSpan("McpClient.prompts.get", { kind: "client", attributes: { "mcp.server": server.name } })
      ),
    changed: changes.prompts.stream
  }
}

const readPrompt = (value: unknown): McpPrompt | string => {
  if (!isJsonObject(value)) return "a prompt is no object"
  const name = nameOf(value, "name")
  if (name === undefined) return "a prompt has no name"
  const given = value["arguments"]
  return {
    name,
    ...textsOf(value, "title", "description"),
    arguments: Array.isArray(given) ? given.filter(isJsonObject).flatMap(readArgument) : []
  }
}

const readArgument = (value: JsonObject): ReadonlyArray<PromptArgument> => {
  const name = nameOf(value, "name")
  return name === undefined ? [] : [{ name, ...textsOf(value, "description"), isRequired: value["required"] === true }]
}

const readMessages = (serverName: string, result: JsonObject): Effect.Effect<PromptMessages, InvalidResult> => {
  const { messages } = result
  if (!Array.isArray(messages)) {
    return Effect.fail(new InvalidResult({ serverName, method: "prompts/get", reason: "it has no messages" }))
  }
  return Effect.succeed({
    ...textsOf(result, "description"),
    messages: messages
      .filter(isJsonObject)
      .flatMap(({ content, role }) =>
        isJsonObject(content)
          ? [{ role: role === "assistant" ? ("assistant" as const) : ("user" as const), content }]
          : []
      )
  })
}
