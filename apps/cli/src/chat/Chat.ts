/**
 * A conversation of a person: the session that is talked to now, and what has been chosen for it. Commands of the chat put
 * others in their place.
 */
import type { ConversationSession, StartOptions } from "@signalbox/conversation"
import type { ChosenModel, OtherModel } from "@signalbox/host"
import type { Usage } from "@signalbox/model"
import { Duration, Effect } from "effect"
import type { RunningHost } from "../withHost.ts"
import type { Attachment } from "./attachments/readAttachment.ts"
import type { FileDiffs } from "./FileDiffs.ts"
import type { Talker } from "./Talker.ts"

/** What may change from one line to the next. */
export interface ChatState {
  session: ConversationSession
  /** The model that was chosen while the chat went on, where one was. */
  other: OtherModel | undefined
  /** Go along with the next message. */
  attachments: ReadonlyArray<Attachment>
  /** Tokens that the model had before it after its last answer; nothing before the first. */
  contextTokens: number | undefined
  /** The ids of all conversations of this chat, the first one first. */
  ids: ReadonlyArray<string>
}

export interface Chat {
  readonly host: RunningHost
  readonly talker: Talker
  readonly diffs: FileDiffs
  /** Whether conversations that are begun here are kept. */
  readonly isKept: boolean
  readonly state: ChatState
}

/** The model that answers next. */
export const modelOf = ({ state: { other }, talker }: Chat): ChosenModel => other?.chosen ?? talker.model

/** A model as people name it. */
export const modelName = ({ model, service, upstream }: ChosenModel): string => {
  return nameWithin(upstream, model === "" ? service.defaultModel : model)
}

/** The name of a provider's model with that of the provider; one of the two where there is but one. */
export const nameWithin = (upstream: string, model: string): string =>
  model === "" || model === upstream ? upstream : `${upstream}/${model}`

/** Begins a conversation; a person may be away for as long as they like. */
export const startSession = ({ conversations }: Talker, options: StartOptions) =>
  conversations.start({ idleTimeout: Duration.infinity, ...options })

/** Goes on in another session. One that is kept is closed, since it can be opened again. */
export const switchTo = Effect.fnUntraced(function* ({ isKept, state }: Chat, session: ConversationSession) {
  const before = state.session
  state.session = session
  state.contextTokens = undefined
  if (!state.ids.includes(session.id)) state.ids = [...state.ids, session.id]
  if (isKept) yield* before.close
})

/** All that a model had before it when it had answered. */
export const contextOf = (usage: Usage): number =>
  usage.input_tokens +
  (usage.cache_creation_input_tokens ?? 0) +
  (usage.cache_read_input_tokens ?? 0) +
  usage.output_tokens
