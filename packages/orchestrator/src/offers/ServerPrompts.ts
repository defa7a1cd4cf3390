/**
 * The prompts of all servers: named over all of them by the rule of the tools, and each got from its own server under
 * its own name. Texts are the servers' own: foreign.
 */
import type { Completion, McpPrompt, PromptArgument } from "@signalbox/mcp"
import {
  type CallContext,
  type Message,
  nameTools,
  type NamingPolicy,
  nearestName,
  qualifiedName
} from "@signalbox/model"
import { Effect, type Scope } from "effect"
import { toolResultContent } from "../content.ts"
import { lookUntilSettled, type Servers } from "./arrival.ts"
import { type AskError, askServer, deadlineOf } from "./askServer.ts"
import { PromptArgumentsMissing, PromptNotFound } from "./errors.ts"
import { makeKnownLists } from "./KnownLists.ts"

/** A prompt as it is listed. */
export interface PromptDefinition {
  /** The name that it is got by. */
  readonly name: string
  /** The name that its server knows it by. */
  readonly originalName: string
  readonly serverName: string
  readonly title: string | undefined
  readonly description: string | undefined
  readonly arguments: ReadonlyArray<PromptArgument>
}

/** A prompt with its arguments filled in, ready to be sent to a model. */
export interface FilledPrompt {
  readonly prompt: PromptDefinition
  readonly description: string | undefined
  /** Blocks that a model cannot read travel as `opaque`, whole. */
  readonly messages: ReadonlyArray<Message>
}

/** An argument of which something has been typed. */
export interface PartialArgument {
  readonly argument: string
  readonly value: string
  /** Arguments that are settled already. */
  readonly settled?: Readonly<Record<string, string>>
}

/** Prompts of many servers. A name may be the listed one or `<server>__<prompt>`. */
export interface ServerPrompts {
  /** In the order of the configuration. A server that is down keeps the prompts that it listed last. */
  readonly list: Effect.Effect<ReadonlyArray<PromptDefinition>>
  /** Waits for the server as a tool call does. */
  readonly get: (
    name: string,
    args: Readonly<Record<string, string>>,
    context: CallContext
  ) => Effect.Effect<FilledPrompt, AskError | PromptNotFound | PromptArgumentsMissing>
  /** Values that fit what has been typed of an argument. */
  readonly complete: (
    name: string,
    typed: PartialArgument,
    context: CallContext
  ) => Effect.Effect<Completion, AskError | PromptNotFound>
}

/** Makes them. Nothing is asked of a server before somebody asks for its prompts. */
export const makeServerPrompts = (
  servers: Servers,
  naming: NamingPolicy
): Effect.Effect<ServerPrompts, never, Scope.Scope> =>
  Effect.map(
    makeKnownLists<McpPrompt>({
      what: "The prompts",
      read: ({ prompts }) => prompts.list,
      changed: ({ prompts }) => prompts.changed,
      keyOf: ({ name }) => name
    }),
    (lists) => {
      const all = Effect.suspend(() =>
        Effect.forEach(
          servers.slots(),
          (slot) =>
            Effect.map(lists.of(slot), (prompts) =>
              prompts.map((prompt) => ({
                prompt,
                originalName: prompt.name,
                runBy: { _tag: "Host", source: slot.supervisor.managed.server.name } as const
              }))
            ),
          { concurrency: "unbounded" }
        )
      ).pipe(Effect.map((found) => found.flat()))

      const catalogue = Effect.map(all, (prompts) => {
        const named = nameTools(prompts, naming).tools.map(({ exposedName, tool }) =>
          definitionOf(exposedName, tool.runBy.source, tool.prompt)
        )
        const byName = new Map(named.map((prompt) => [prompt.name, prompt]))
        // Also those that the policy hides.
        const byQualified = new Map(
          prompts.map(({ prompt, runBy: { source } }) => {
            const name = qualifiedName(source, prompt.name)
            return [name, definitionOf(name, source, prompt)]
          })
        )
        return { named, find: (name: string) => byName.get(name) ?? byQualified.get(name) }
      })

      const find = Effect.fnUntraced(function* (name: string, context: CallContext) {
        const look = Effect.map(catalogue, ({ find }) => find(name))
        const known = yield* look
        const found = known ?? (yield* lookUntilSettled(servers, look, serverIn(name, servers), deadlineOf(context)))
        if (found !== undefined) return found
        const available = (yield* catalogue).named
        const names = available.map((prompt) => prompt.name)
        return yield* new PromptNotFound({
          promptName: name,
          nearest: nearestName(name, names),
          available: names,
          serverNames: [...new Set(available.map(({ serverName }) => serverName))]
        })
      })

      return {
        list: Effect.map(catalogue, ({ named }) => named),
        get: Effect.fn("ServerOrchestrator.prompts.get")(function* (name, args, context) {
          const prompt = yield* find(name, context)
          const { originalName, serverName } = prompt
          const missing = prompt.arguments.flatMap(({ isRequired, name }) =>
            isRequired && args[name] === undefined ? [name] : []
          )
          if (missing.length > 0) {
            return yield* new PromptArgumentsMissing({ serverName, promptName: originalName, missing })
          }
          const { description, messages } = yield* askServer(
            servers.slots,
            {
              serverName,
              method: "prompts/get",
              ask: ({ prompts }, respondent) =>
                prompts.get({
                  name: originalName,
                  arguments: args,
                  ...(respondent === undefined ? {} : { respondent })
                })
            },
            context
          )
          return { prompt, description, messages: messages.map(neutral) }
        }),
        complete: Effect.fn("ServerOrchestrator.prompts.complete")(function* (name, typed, context) {
          const { originalName, serverName } = yield* find(name, context)
          return yield* askServer(
            servers.slots,
            {
              serverName,
              method: "completion/complete",
              ask: (client) => client.complete({ of: { prompt: originalName }, ...typed })
            },
            context
          )
        })
      } satisfies ServerPrompts
    }
  )

const definitionOf = (name: string, serverName: string, prompt: McpPrompt): PromptDefinition => ({
  name,
  originalName: prompt.name,
  serverName,
  title: prompt.title,
  description: prompt.description,
  arguments: prompt.arguments
})

/** The server whose name a qualified name begins with; the longest where several do. */
const serverIn = (name: string, { slots }: Servers): string | undefined =>
  slots()
    .map(({ supervisor }) => supervisor.managed.server.name)
    .filter((server) => name.startsWith(`${server}__`))
    .toSorted((a, b) => b.length - a.length)[0]

const neutral = ({ content, role }: { readonly role: Message["role"]; readonly content: object }): Message => ({
  role,
  content: [toolResultContent({ ...content, type: "type" in content ? String(content.type) : "" })]
})
