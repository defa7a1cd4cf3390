/**
 * Conversations that begin with the instructions of the project, and whose hooks are told when they begin and end. What a
 * session is told stays the same for as long as it lasts, so that prompt caches keep.
 */
import {
  collectTurn,
  type ConversationClient,
  type HookError,
  type StartOptions,
  type TurnHooks
} from "@signalbox/conversation"
import { makeCorrelationId } from "@signalbox/errors"
import type { TextBlock } from "@signalbox/model"
import { Effect } from "effect"
import type { CommandHooks, HookSession } from "./hooks/commandHooks.ts"
import type { Instructions } from "./Instructions.ts"

/** What sessions begin with. */
export interface SessionRules {
  readonly instructions: Effect.Effect<Instructions>
  readonly hooks: Pick<CommandHooks, "sessionStart" | "sessionEnd">
  /** The system prompt of sessions without their own. */
  readonly system: ReadonlyArray<TextBlock>
}

/** Rules of sessions, and what the client needs for them. */
export interface AppliedRules {
  /** Keeps a session from being used whose hooks said no. First of all hooks. */
  readonly gate: TurnHooks
  readonly around: (client: ConversationClient["Service"]) => ConversationClient["Service"]
  /** A session was closed. */
  readonly ended: (session: HookSession) => Effect.Effect<void>
}

const textBlock = (text: string): TextBlock => ({ type: "text", text })

/** Applies them to the sessions of one client. */
export const sessionRules = ({ hooks, instructions, system }: SessionRules): AppliedRules => {
  /** By the id of the session, why it must not be used. */
  const refused = new Map<string, HookError>()

  /** Whoever brings a system prompt has chosen what is said. */
  const systemOf = ({ system: own }: Pick<StartOptions, "system">): Effect.Effect<ReadonlyArray<TextBlock>> => {
    if (own !== undefined) return Effect.succeed(typeof own === "string" ? [textBlock(own)] : own)
    return Effect.map(instructions, ({ text }) => (text === undefined ? system : [...system, textBlock(text)]))
  }

  const around: AppliedRules["around"] = (client) => {
    const begin = Effect.fnUntraced(function* (given: StartOptions, conversationId: string) {
      const principal = given.principal ?? "local"
      const begun = yield* Effect.result(hooks.sessionStart({ principal, conversationId }))
      const added = begun._tag === "Success" ? begun.success.map(textBlock) : []
      return { begun, system: [...(yield* systemOf(given)), ...added] }
    })
    const start: ConversationClient["Service"]["start"] = Effect.fnUntraced(function* (given = {}) {
      const id = given.id ?? `conv_${yield* makeCorrelationId}`
      const isKept = given.isKept ?? given.id !== undefined
      const { begun, system } = yield* begin(given, id)
      const session = yield* client.start({ ...given, id, isKept, system })
      if (begun._tag === "Failure") refused.set(id, begun.failure)
      return session
    })
    const fork: ConversationClient["Service"]["fork"] = (from, given = {}) => {
      const systemFor = ({ id }: { readonly id: string }) =>
        Effect.map(begin(given, id), ({ begun, system }) => {
          if (begun._tag === "Failure") refused.set(id, begun.failure)
          return system
        })
      return client.fork(from, { ...given, systemFor })
    }
    return {
      ...client,
      start,
      fork,
      ask: (content, given) =>
        Effect.acquireUseRelease(
          start(given),
          (session) => collectTurn(session.send(content, given)),
          (session) => session.close
        )
    }
  }

  return {
    gate: {
      beforeModel: (request, _, { conversationId }) => {
        const error = refused.get(conversationId)
        return error === undefined ? Effect.succeed(request) : Effect.fail(error)
      }
    },
    around,
    ended: (session) =>
      Effect.andThen(
        Effect.sync(() => refused.delete(session.conversationId)),
        // A session is closed by what cannot be interrupted; the limit of a hook must end it all the same.
        Effect.interruptible(hooks.sessionEnd(session))
      )
  }
}
