/**
 * What was approved before, so that it is not asked again: tools for as long as a conversation lasts, and calls with the
 * same arguments for as long as the person wants. All of it is about a tool as it was defined when the person said yes:
 * one that has become another is asked about again.
 */
import type { SignalboxError } from "@signalbox/errors"
import { canonicalJson, type CallContext, type JsonObject, sourceOf, type ToolDefinition } from "@signalbox/model"
import { DateTime, Effect } from "effect"

/** A call that the person approved for good: the tool, as it was defined then, and the arguments. */
export interface KeptApproval {
  readonly source: string
  /** The name that the source gives it. */
  readonly tool: string
  readonly input: JsonObject
  /** A digest of what the tool said of itself. */
  readonly definition: string
  readonly since: DateTime.Utc
}

/** Where approvals are kept for good. */
export interface ApprovalStore {
  readonly list: Effect.Effect<ReadonlyArray<KeptApproval>, SignalboxError>
  readonly add: (approval: KeptApproval) => Effect.Effect<void, SignalboxError>
  /** Takes out what is kept of a tool that has become another. */
  readonly forgetTool: (source: string, tool: string) => Effect.Effect<void, SignalboxError>
  /** A short text that stands for a long one. */
  readonly digest: (text: string) => Effect.Effect<string>
}

/** A call that is judged. */
export interface JudgedCall {
  readonly tool: ToolDefinition
  readonly input: JsonObject
  readonly context: Pick<CallContext, "principal" | "conversationId">
}

/** What is remembered. */
export interface ApprovalMemory {
  /** Why the call need not be asked about; `undefined` where it must be. */
  readonly recall: (call: JudgedCall) => Effect.Effect<string | undefined>
  readonly keepForConversation: (call: JudgedCall) => Effect.Effect<void>
  readonly keepAlways: (call: JudgedCall) => Effect.Effect<void>
  /** A conversation is over. */
  readonly endConversation: (context: JudgedCall["context"]) => Effect.Effect<void>
}

const keyOf = ({ conversationId, principal }: JudgedCall["context"]): string =>
  canonicalJson([principal, conversationId])

const idOf = ({ originalName, runBy }: ToolDefinition): string => canonicalJson([sourceOf(runBy), originalName])

/** Everything by which a person, or a model, knows what a tool does. */
const definitionOf = ({ annotations, description, inputSchema, isTrusted, title }: ToolDefinition): string =>
  canonicalJson({ annotations, description, inputSchema, isTrusted, title })

/** What is kept for good is the person's at this machine: nobody else's calls are allowed by it. */
const isOwn = ({ context }: JudgedCall): boolean => context.principal === "local"

/** What cannot be read or written is asked about again, and nothing worse. */
const told = <A>(effect: Effect.Effect<A, SignalboxError>, otherwise: A): Effect.Effect<A> =>
  Effect.catch(effect, (error) => Effect.as(Effect.logWarning("Approvals cannot be kept.", error), otherwise))

/** Makes an empty memory, over what is kept for good. Without a store, that is kept as long as a conversation lasts. */
export const makeApprovalMemory = (store?: ApprovalStore): ApprovalMemory => {
  /** By conversation: the definitions of tools that were approved. */
  const conversations = new Map<string, Map<string, string>>()

  const inConversation = ({ context, tool }: JudgedCall): boolean => {
    const tools = conversations.get(keyOf(context))
    const known = tools?.get(idOf(tool))
    if (known === undefined || known === definitionOf(tool)) return known !== undefined
    tools?.delete(idOf(tool))
    return false
  }

  const keptAlways = Effect.fnUntraced(function* (call: JudgedCall, kept: ApprovalStore) {
    const { input, tool } = call
    const source = sourceOf(tool.runBy) ?? ""
    const own = (yield* kept.list).filter((each) => each.source === source && each.tool === tool.originalName)
    if (own.length === 0) return false
    const now = yield* kept.digest(definitionOf(tool))
    if (own.some(({ definition }) => definition !== now)) {
      yield* kept.forgetTool(source, tool.originalName)
      yield* Effect.logWarning(
        `The tool "${tool.originalName}" of "${source}" is defined otherwise than when it was approved: it is asked about again.`
      )
      return false
    }
    const wanted = canonicalJson(input)
    return own.some((each) => canonicalJson(each.input) === wanted)
  })

  const keepForConversation = ({ context, tool }: JudgedCall) =>
    Effect.sync(() => {
      const tools = conversations.get(keyOf(context)) ?? new Map<string, string>()
      conversations.set(keyOf(context), tools.set(idOf(tool), definitionOf(tool)))
    })

  return {
    recall: Effect.fnUntraced(function* (call: JudgedCall) {
      if (inConversation(call)) return "the tool was approved for this conversation"
      if (store === undefined || !isOwn(call)) return undefined
      return (yield* told(keptAlways(call, store), false)) ? "these arguments were approved for good" : undefined
    }),
    keepForConversation,
    keepAlways: Effect.fnUntraced(function* (call: JudgedCall) {
      if (store === undefined || !isOwn(call)) return
      const { input, tool } = call
      const since = yield* DateTime.now
      const source = sourceOf(tool.runBy) ?? ""
      const definition = yield* store.digest(definitionOf(tool))
      yield* told(store.add({ source, tool: tool.originalName, input, definition, since }), undefined)
    }),
    endConversation: (context) => Effect.sync(() => void conversations.delete(keyOf(context)))
  }
}
