/**
 * The resources of all servers, addressed over all of them; a server always gets its own address.
 * Names, texts and contents are the servers' own: foreign.
 */
import type { Completion, McpResource, McpResourceTemplate, ResourceContent } from "@signalbox/mcp"
import type { CallContext } from "@signalbox/model"
import { Effect, type Scope, Stream } from "effect"
import type { Slot } from "../ServerSlots.ts"
import { lookUntilSettled, type Servers } from "./arrival.ts"
import { type AskError, askServer, deadlineOf } from "./askServer.ts"
import { type ResourceAmbiguous, ResourceNotFound } from "./errors.ts"
import { type KnownLists, makeKnownLists } from "./KnownLists.ts"
import { exposeUris, findResource, readQualified, type ResourceAddress } from "./resourceAddress.ts"
import type { PartialArgument } from "./ServerPrompts.ts"
import { resourceUpdates } from "./resourceUpdates.ts"

/** A resource as it is listed. */
export interface ResourceDefinition extends ResourceAddress {
  /** The address to read it by: its own, or `<server>::<uri>` where several servers list that one. */
  readonly exposedUri: string
  readonly name: string
  readonly title: string | undefined
  readonly description: string | undefined
  readonly mimeType: string | undefined
  readonly sizeBytes: number | undefined
}

/** Resources of a server whose addresses have parts to be filled in. */
export interface ResourceTemplateDefinition {
  readonly serverName: string
  /** RFC 6570. */
  readonly uriTemplate: string
  readonly name: string
  readonly title: string | undefined
  readonly description: string | undefined
  readonly mimeType: string | undefined
}

/** What a resource holds. */
export interface ReadResource extends ResourceAddress {
  readonly contents: ReadonlyArray<ResourceContent>
}

/** Why an address leads nowhere. */
export type AddressError = ResourceAmbiguous | ResourceNotFound

/** An address as it is listed, `<server>::<uri>`, one that fits a template, or server and address. */
export type ResourceRef = string | ResourceAddress

/** Resources of many servers. */
export interface ServerResources {
  /** In the order of the configuration. A server that is down keeps what it listed last. */
  readonly list: Effect.Effect<ReadonlyArray<ResourceDefinition>>
  readonly templates: Effect.Effect<ReadonlyArray<ResourceTemplateDefinition>>
  /** Waits for the server as a tool call does. */
  readonly read: (ref: ResourceRef, context: CallContext) => Effect.Effect<ReadResource, AskError | AddressError>
  /**
   * Subscribes for as long as it is read, over reconnects too: one element for each change, and one after a reconnect,
   * since a change may have been missed. Elements are the server's own addresses, which may lie below the one asked for.
   */
  readonly subscribe: (ref: ResourceRef, context: CallContext) => Stream.Stream<string, AskError | AddressError>
  /** Values that fit what has been typed of a part of a template. */
  readonly complete: (
    template: Pick<ResourceTemplateDefinition, "serverName" | "uriTemplate">,
    typed: PartialArgument,
    context: CallContext
  ) => Effect.Effect<Completion, AskError>
}

/** Makes them. Nothing is asked of a server before somebody asks for its resources. */
export const makeServerResources = (servers: Servers): Effect.Effect<ServerResources, never, Scope.Scope> =>
  Effect.gen(function* () {
    const resourceLists = yield* makeKnownLists<McpResource>({
      what: "The resources",
      read: ({ resources }) => resources.list,
      changed: ({ resources }) => resources.changed,
      keyOf: ({ uri }) => uri
    })
    const templateLists = yield* makeKnownLists<McpResourceTemplate>({
      what: "The resource templates",
      read: ({ resources }) => resources.templates,
      changed: ({ resources }) => resources.changed,
      keyOf: ({ uriTemplate }) => uriTemplate
    })
    const list = Effect.map(ofAll(servers.slots, resourceLists), (resources) => exposeUris(resources.map(definitionOf)))
    const templates = Effect.map(ofAll(servers.slots, templateLists), (found) => found.map(templateOf))

    const find = Effect.fnUntraced(function* (ref: ResourceRef, context: CallContext) {
      if (typeof ref !== "string") return ref
      const names = servers.slots().map(({ supervisor }) => supervisor.managed.server.name)
      const qualified = readQualified(ref, names)
      if (qualified !== undefined) return qualified
      let result: ResourceAddress | AddressError = new ResourceNotFound({
        uri: ref,
        nearest: undefined,
        serverNames: []
      })
      const look = Effect.map(Effect.all({ resources: list, templates }, { concurrency: 2 }), (known) => {
        result = findResource(ref, known)
        return result instanceof ResourceNotFound ? undefined : result
      })
      const found = (yield* lookUntilSettled(servers, look, undefined, deadlineOf(context))) ?? result
      return "_tag" in found ? yield* found : found
    })

    return {
      list,
      templates,
      read: Effect.fn("ServerOrchestrator.resources.read")(function* (ref, context) {
        const { serverName, uri } = yield* find(ref, context)
        const contents = yield* askServer(
          servers.slots,
          {
            serverName,
            method: "resources/read",
            ask: ({ resources }, respondent) =>
              resources.read({ uri, ...(respondent === undefined ? {} : { respondent }) })
          },
          context
        )
        return { serverName, uri, contents }
      }),
      subscribe: (ref, context) =>
        Stream.unwrap(Effect.map(find(ref, context), (address) => resourceUpdates(servers.slots, address))),
      complete: Effect.fn("ServerOrchestrator.resources.complete")(({ serverName, uriTemplate }, typed, context) =>
        askServer(
          servers.slots,
          {
            serverName,
            method: "completion/complete",
            ask: (client) => client.complete({ of: { uriTemplate }, ...typed })
          },
          context
        )
      )
    } satisfies ServerResources
  })

const ofAll = <A>(slots: () => ReadonlyArray<Slot>, lists: KnownLists<A>) =>
  Effect.suspend(() =>
    Effect.forEach(
      slots(),
      (slot) =>
        Effect.map(lists.of(slot), (items) =>
          items.map((item) => ({ serverName: slot.supervisor.managed.server.name, item }))
        ),
      { concurrency: "unbounded" }
    )
  ).pipe(Effect.map((found) => found.flat()))

const textsOf = ({ description, mimeType, name, title }: McpResource | McpResourceTemplate) => ({
  name,
  title,
  description,
  mimeType
})

const definitionOf = ({ item, serverName }: { readonly serverName: string; readonly item: McpResource }) => ({
  serverName,
  uri: item.uri,
  ...textsOf(item),
  sizeBytes: item.sizeBytes
})

const templateOf = ({
  item,
  serverName
}: {
  readonly serverName: string
  readonly item: McpResourceTemplate
}): ResourceTemplateDefinition => ({ serverName, uriTemplate: item.uriTemplate, ...textsOf(item) })
