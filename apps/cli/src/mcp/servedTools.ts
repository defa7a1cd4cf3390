/**
 * The tools of a host in the words of MCP, for clients of `signalbox mcp serve`. The client has rules of its own about what
 * its model may call; what a tool itself leaves to a person is asked through the client.
 */
import { builtInSource, calledByHand } from "@signalbox/host"
import { type SignalboxError, toJson } from "@signalbox/errors"
import type { ServedAnswer, ServedCall, ServedResult, ServedTool, ServedTools } from "@signalbox/mcp/serve"
import {
  type ApprovalRequest,
  Interaction,
  isJsonObject,
  type JsonObject,
  sourceOf,
  type ToolDefinition,
  type ToolResult,
  type ToolResultContent
} from "@signalbox/model"
import { Cause, Effect, Option, Stream } from "effect"
import { type ApprovalChoice, makeApproving } from "../chat/approving.ts"
import { version } from "../version.ts"
import type { RunningHost } from "../withHost.ts"

/** What is served, and what is approved beforehand. */
export interface Serving {
  /** Also the tools of servers. */
  readonly all: boolean
  readonly approvals: ApprovalChoice
}

const servedTool = ({
  annotations,
  description,
  inputSchema,
  name,
  outputSchema,
  title
}: ToolDefinition): ServedTool => ({
  name,
  description,
  inputSchema,
  annotations: { ...annotations },
  ...(title === undefined ? {} : { title }),
  ...(outputSchema === undefined ? {} : { outputSchema })
})

const textOf = (text: string): JsonObject => ({ type: "text", text })

/** A block as the protocol has it. What came over it from a server goes on as it was. */
const blockOf = (block: ToolResultContent): JsonObject => {
  if (block.type === "text") return textOf(block.text)
  if (block.type === "opaque" && block.vendor === "mcp") return block.block
  if (block.type === "image" && block.source.type === "base64")
    return { type: "image", data: block.source.data, mimeType: block.source.media_type }
  return textOf(JSON.stringify(block))
}

const resultOf = ({ content, isError, structuredContent }: ToolResult): ServedResult => ({
  _tag: "Result",
  content: content.map(blockOf),
  isError,
  ...(isJsonObject(structuredContent) ? { structuredContent } : {})
})

const failureOf = (error: SignalboxError): ServedResult => {
  const { error_code: code, hint, message } = toJson(error)
  return {
    _tag: "Result",
    content: [textOf(`${code}: ${message}${hint === undefined ? "" : `\nHint: ${hint}`}`)],
    isError: true
  }
}

const remedy =
  "Approve it in the client, where that can ask; or start with --yes or --approve; or allow the command in tools.commands."

/** Answers by what the client's person has said, and notes the question where nothing was said yet. */
const asker = (isApproved: boolean | undefined) => {
  let question: ApprovalRequest | undefined
  const approve: Interaction["approve"] = (request) =>
    Effect.sync(() => {
      if (isApproved === true) return { isApproved: true, remember: "once" }
      if (isApproved === false) return { isApproved: false, because: "refused", reason: "" }
      question = request
      return { isApproved: false, because: "nobody", reason: remedy }
    })
  return { approve, question: () => question }
}

const questionOf = ({ input, reason, tool }: ApprovalRequest): string =>
  `${tool.originalName} needs your approval, because ${reason}:\n${JSON.stringify(input, undefined, 2)}`

/** A call came to nothing by a fault of ours. The log has it. */
const internal: ServedResult = {
  _tag: "Result",
  content: [textOf("INTERNAL: The tool failed in an unexpected way. It may have taken effect.")],
  isError: true
}

/** What `signalbox mcp serve` has to offer. `reloads` has an element whenever the configuration was read again. */
export const servedTools = (
  host: RunningHost,
  { all, approvals }: Serving,
  reloads: Stream.Stream<unknown>
): ServedTools => {
  const { toolbox } = host
  const isServed = ({ runBy }: ToolDefinition): boolean => all || sourceOf(runBy) === builtInSource
  const tools = Effect.map(toolbox.list, (listed) => listed.filter(isServed))

  const call = Effect.fnUntraced(function* ({ input, isApproved, name, progress }: ServedCall) {
    if (!(yield* tools).some((tool) => tool.name === name))
      return { _tag: "Unknown", message: `There is no tool ${JSON.stringify(name)}.` } satisfies ServedAnswer
    const { approve, question } = asker(isApproved)
    const { interaction } = makeApproving(approvals, { ...Interaction.decline, approve, progress })
    return yield* toolbox.call(name, input, calledByHand(host.approvals, { interaction })).pipe(
      Effect.map(resultOf),
      Effect.catchCause((cause): Effect.Effect<ServedAnswer> => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
        const failure = Cause.findErrorOption(cause)
        if (Option.isNone(failure)) return Effect.as(Effect.logError("A tool failed with a defect", cause), internal)
        const otherwise = failureOf(failure.value)
        const asked = question()
        return Effect.succeed(asked === undefined ? otherwise : { _tag: "Ask", question: questionOf(asked), otherwise })
      })
    )
  })

  const listed = Effect.map(tools, (served) => served.map(servedTool))
  const news = all ? Stream.merge(reloads, host.orchestrator.changes) : reloads

  return {
    name: "signalbox",
    version,
    instructions:
      "Paths are relative to the folder that the configuration names. A refusal says what is allowed instead.",
    list: Effect.andThen(
      // A required server that cannot be started is told by its calls.
      all ? Effect.ignore(host.usable) : Effect.void,
      listed
    ),
    // What there is now comes first, and is no change.
    changes: Stream.merge(Stream.make("now"), news).pipe(
      Stream.mapEffect(() => Effect.map(listed, (served) => JSON.stringify(served))),
      Stream.changes,
      Stream.drop(1)
    ),
    call
  }
}
