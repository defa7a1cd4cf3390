/**
 * Who does the tasks that a model gives away: another conversation, with tools of its own. Declared here for Task, and
 * provided by whoever runs conversations.
 */
import type { CallContext } from "@signalbox/model"
import type { SignalboxError } from "@signalbox/errors"
import { Context, type Effect } from "effect"

/** A task that a model gives away. */
export interface SubAgentTask {
  /** A few words for people. */
  readonly description: string
  readonly prompt: string
  /** Which kind of agent is wanted, where there are several. */
  readonly agentType: string | undefined
  readonly context: CallContext
}

/** Does tasks. Interrupting it stops the conversation. */
export interface SubAgentService {
  /** The last answer of the sub-conversation. Its own limits of rounds, and the tools it may use, are its business. */
  readonly run: (task: SubAgentTask) => Effect.Effect<string, SignalboxError>
}

/** The sub-agent of this place; nothing where there is none, and within a sub-agent. */
export const SubAgent = Context.Reference<SubAgentService | undefined>("@signalbox/tools/SubAgent", {
  defaultValue: () => undefined
})
