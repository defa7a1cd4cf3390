/**
 * The resources of one connection, and the notices that they have changed.
 */
import { Effect, PubSub, Stream } from "effect"
import { rawResult } from "./Channel.ts"
import type { Connection } from "./Connection.ts"
import { InvalidResult } from "./connectionErrors.ts"
import type { ServerError } from "./errors.ts"
import { nameOf, readEach, textsOf } from "./fields.ts"
import { whenStale } from "./freshList.ts"
import type { Listing, McpResource, McpResourceTemplate, ResourceContent, Resources } from "./McpPrompt.ts"
import type { JsonObject } from "./McpTool.ts"
import { readPages } from "./readPages.ts"
import { requestPlain, within } from "./requestPlain.ts"
import { keepListening } from "./subscriptions.ts"
import { isJsonObject } from "./wire.ts"

/** Makes them. */
export const makeResources = (connection: Connection): Resources => {
  const { changes, ending, server, session, updates } = connection
  const isOffered = session.handshake.capabilities["resources"] !== undefined
  const listOf = <A>(method: string, key: string, read: (value: unknown) => A | string) => {
    const list = Effect.map(
      readPages(connection, method, key),
      ({ items, problems, ...fresh }): Listing<Exclude<A, string>> => {
        const good = readEach(items, read)
        return { items: good.items, problems: [...good.problems, ...problems], ...fresh }
      }
    ).pipe(within(server.name, method, server.connectTimeout))
    return isOffered ? whenStale(changes.resources, list) : Effect.succeed({ items: [], problems: [] })
  }
  /** How many streams want each address; the server is told of the first and of the last. */
  const wanted = new Map<string, number>()
  const subscribe = (uri: string) =>
    Effect.suspend(() => {
      const count = wanted.get(uri) ?? 0
      wanted.set(uri, count + 1)
      if (count > 0) return Effect.void
      return Effect.onError(subscription(connection, "resources/subscribe", uri), () =>
        Effect.sync(() => wanted.set(uri, (wanted.get(uri) ?? 1) - 1))
      )
    })
  const unsubscribe = (uri: string) =>
    Effect.suspend(() => {
      const count = (wanted.get(uri) ?? 1) - 1
      wanted.set(uri, count)
      // A server that goes on telling of it is only noisy.
      return count === 0 ? Effect.ignore(subscription(connection, "resources/unsubscribe", uri)) : Effect.void
    })

  return {
    list: listOf("resources/list", "resources", readResource),
    templates: listOf("resources/templates/list", "resourceTemplates", readTemplate),
    read: ({ respondent, uri }) =>
      requestPlain(connection, "resources/read", { uri }, respondent).pipe(
        Effect.flatMap((result) => readContents(server.name, rawResult(result))),
        within(server.name, "resources/read", respondent === undefined ? server.idleTimeout : server.callTimeout),
        Effect.withSpan("McpClient.resources.read", { kind: "client", attributes: { "mcp.server": server.name } })
      ),
    updates: (uri) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const below = uri.endsWith("/") ? uri : `${uri}/`
          // First the ear, then the question, so that nothing is missed in between.
          const heard = yield* PubSub.subscribe(updates)
          if (session.handshake.era === "modern") {
            yield* Effect.forkScoped(
              keepListening(connection, { resourceSubscriptions: [uri] }, () => void PubSub.publishUnsafe(updates, uri))
            )
          } else {
            yield* Effect.acquireRelease(subscribe(uri), () => unsubscribe(uri))
          }
          return Stream.fromSubscription(heard).pipe(
            Stream.filter((changed) => changed === uri || changed.startsWith(below)),
            Stream.interruptWhen(ending.lost)
          )
        })
      ),
    changed: changes.resources.stream
  }
}

const subscription = (connection: Connection, method: string, uri: string): Effect.Effect<void, ServerError> =>
  requestPlain(connection, method, { uri }).pipe(
    Effect.asVoid,
    within(connection.server.name, method, connection.server.connectTimeout)
  )

const readResource = (value: unknown): McpResource | string => {
  if (!isJsonObject(value)) return "a resource is no object"
  const uri = nameOf(value, "uri")
  if (uri === undefined) return "a resource has no uri"
  const { size } = value
  return {
    uri,
    name: nameOf(value, "name") ?? uri,
    ...textsOf(value, "title", "description", "mimeType"),
    ...(typeof size === "number" ? { sizeBytes: size } : {})
  }
}

const readTemplate = (value: unknown): McpResourceTemplate | string => {
  if (!isJsonObject(value)) return "a template is no object"
  const uriTemplate = nameOf(value, "uriTemplate")
  if (uriTemplate === undefined) return "a template has no uriTemplate"
  return {
    uriTemplate,
    name: nameOf(value, "name") ?? uriTemplate,
    ...textsOf(value, "title", "description", "mimeType")
  }
}

const readContents = (
  serverName: string,
  { contents }: JsonObject
): Effect.Effect<ReadonlyArray<ResourceContent>, InvalidResult> =>
  Array.isArray(contents)
    ? Effect.succeed(contents.filter(isJsonObject).flatMap(readContent))
    : Effect.fail(new InvalidResult({ serverName, method: "resources/read", reason: "it has no contents" }))

const readContent = (value: JsonObject): ReadonlyArray<ResourceContent> => {
  const { blob, text, uri } = value
  const place = { uri: typeof uri === "string" ? uri : "", ...textsOf(value, "mimeType") }
  if (typeof text === "string") return [{ ...place, text }]
  return typeof blob === "string" ? [{ ...place, blob }] : []
}
