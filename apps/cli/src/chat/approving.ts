/**
 * Who approves tool calls of a run: flags first, then the person at the terminal, where one sits there.
 */
import { allowsCall, type CallPattern } from "@signalbox/conversation"
import { shellWord } from "@signalbox/host"
import { ApprovalRequired, type ApprovalRequest, Interaction, sourceOf } from "@signalbox/model"
import { Effect } from "effect"

/** What `--yes` and `--approve` say. */
export interface ApprovalChoice {
  readonly yes: boolean
  readonly approve: ReadonlyArray<CallPattern>
}

/** Answers the questions of one turn, and knows what nobody could answer. */
export interface Approving {
  readonly interaction: Interaction
  /** The first call that nobody could be asked about, as the error that the run ends with. */
  readonly unasked: () => ApprovalRequired | undefined
}

/** The key of the configuration that decides. Tools that ask by themselves do so whatever the rules of approvals say. */
export const decidedBy = ({ isAskedByTool }: ApprovalRequest): string =>
  isAskedByTool === true ? "tools.commands and tools.paths" : "conversation.approval"

const remedy = (request: ApprovalRequest): string =>
  `Allow it with --approve ${shellWord(request.tool.name)}, all calls with --yes, or in the configuration (${decidedBy(request)}). At a terminal you are asked.`

/** Asks through `asked` what the flags do not say; that which declines is nobody. */
export const makeApproving = ({ approve, yes }: ApprovalChoice, asked: Interaction): Approving => {
  const isSomebodyThere = asked.approve !== Interaction.decline.approve
  let unasked: ApprovalRequired | undefined
  const interaction: Interaction = {
    ...asked,
    approve: (request) =>
      Effect.suspend(() => {
        const { input, reason, tool } = request
        if (yes || approve.some((pattern) => allowsCall(pattern, tool, input)))
          return Effect.succeed({ isApproved: true, remember: "once" } as const)
        if (isSomebodyThere) return asked.approve(request)
        const told = { toolName: tool.name, source: sourceOf(tool.runBy) ?? "", reason, remedy: remedy(request) }
        unasked ??= new ApprovalRequired(told)
        return Effect.succeed({ isApproved: false, because: "nobody", reason: told.remedy } as const)
      })
  }
  return { interaction, unasked: () => unasked }
}
