/**
 * Who does the tasks that a model gives away by Task: another conversation with the built-in tools, or an agent of the
 * configuration that is asked for by its name. Whoever may call Task may call the built-in tools, and nothing more is
 * reached through it.
 */
import {
  type Approval,
  collectTurn,
  type FinishReason,
  Journal,
  runTurn,
  type TurnHooks,
  type TurnResult
} from "@signalbox/conversation"
import { type CallContext, type Interaction, narrowToolbox, textMessage, type Toolbox } from "@signalbox/model"
import { SubAgent, type SubAgentService } from "@signalbox/tools"
import { Effect } from "effect"
import type { Agents } from "../agents/Agents.ts"
import type { Approvals } from "../approvals/Approvals.ts"
import type { HostOptions } from "../config/HostOptions.ts"
import { TaskUnfinished } from "../errors.ts"
import type { HostSetup } from "../HostSetup.ts"
import type { Models } from "../models/Models.ts"
import { conversationContext } from "../turnContext.ts"

/** What sub-agents are made of. */
export interface SubAgentParts {
  readonly options: HostOptions
  readonly models: Models["Service"]
  readonly approvals: Approvals["Service"]
  readonly agents: Agents["Service"]
  readonly builtIns: Toolbox["Service"]
  readonly hooks: TurnHooks
  readonly resultStore: HostSetup["resultStore"]
}

/** The person at this machine, whose agents they are. */
const isLocal = ({ principal }: CallContext): boolean => principal === "local"

/** Nobody can answer a call of the sub-agent later: its conversation is over then. */
const duringCall = (interaction: Interaction): Interaction => ({
  ...interaction,
  approve: (request) => {
    const { callId: _, ...question } = request
    return interaction.approve(question)
  }
})

const endsWell = new Set<FinishReason>(["end_turn", "stop_sequence"])

/** An answer that was cut short is told as what it is. */
const answerOf = ({ finishReason, text }: TurnResult) =>
  endsWell.has(finishReason) ? Effect.succeed(text) : Effect.fail(new TaskUnfinished({ finishReason, text }))

const approvalFor = ({ approvals }: SubAgentParts, context: CallContext): Approval =>
  isLocal(context) ? approvals.conversations : approvals.served

const runHere = (parts: SubAgentParts, prompt: string, context: CallContext) => {
  const { chosen } = parts.models
  const { conversation, model } = parts.options
  return collectTurn(
    runTurn({
      messages: [textMessage("user", prompt)],
      toolbox: narrowToolbox(parts.builtIns, ({ originalName }) => originalName !== "Task"),
      model: chosen.service,
      limits: {
        maxHops: conversation.maxHops,
        toolConcurrency: conversation.toolConcurrency,
        toolTimeout: conversation.toolTimeout,
        ...(chosen.budget === undefined ? {} : { budget: chosen.budget })
      },
      journal: Journal.none,
      hooks: parts.hooks,
      approval: approvalFor(parts, context),
      context: conversationContext(parts.options, chosen.context, parts.resultStore),
      request: model.responseBands.length === 0 ? { system: [], maxTokens: model.maxTokens } : { system: [] },
      call: { ...context, interaction: duringCall(context.interaction) }
    })
  )
}

const makeSubAgent = (parts: SubAgentParts): SubAgentService => ({
  run: ({ agentType, context, prompt }) =>
    Effect.flatMap(
      agentType !== undefined && isLocal(context) && Object.hasOwn(parts.options.agents, agentType)
        ? Effect.flatMap(parts.agents.add(agentType), ({ conversations }) =>
            conversations.ask(prompt, { interaction: duringCall(context.interaction) })
          )
        : runHere(parts, prompt, context),
      answerOf
    )
})

/** The built-in tools with somebody who does tasks. */
export const withSubAgent = (parts: SubAgentParts): Toolbox["Service"] => {
  const subAgent = makeSubAgent(parts)
  const { builtIns } = parts
  return {
    ...builtIns,
    call: (name, input, context) => Effect.provideService(builtIns.call(name, input, context), SubAgent, subAgent)
  }
}
