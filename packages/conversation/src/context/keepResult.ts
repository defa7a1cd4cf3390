/**
 * Results of tools that are too long for a history: the model is shown both ends and a mark that says how to read on; the
 * whole of it is kept where there is a place for it.
 */
import { type CallContext, resultText, textOf, type ToolResult } from "@signalbox/model"
import { Effect } from "effect"
import { charactersPerToken } from "../estimateTokens.ts"
import { endsOf } from "./endsOf.ts"
import type { ResultStore } from "./ResultStore.ts"

/** How long a result may be. */
export interface ResultLimits {
  /** Tokens of the text of one result, estimated: four characters count as one. */
  readonly maxTokens: number
  /** Where the whole of a longer one is kept; without it the rest is gone. */
  readonly store?: ResultStore
  /** Who may read it: the conversation where it is absent. */
  readonly ownerOf?: (context: Pick<CallContext, "principal" | "conversationId">) => string
  /** Others whose results are read, too: the conversations that this one is a fork of. A session sets it. */
  readonly alsoReads?: ReadonlyArray<string>
}

/** Whose a result is. */
export const ownerOf = (
  { ownerOf }: ResultLimits,
  context: Pick<CallContext, "principal" | "conversationId">
): string => ownerOf?.(context) ?? context.conversationId

/** The most characters of a result. */
export const maxLengthOf = ({ maxTokens }: ResultLimits): number => maxTokens * charactersPerToken

/** How the mark begins where the whole is kept. Histories are searched for it. */
export const keptMark = "[The whole result is kept as "

const markOf = (text: string, head: string, leftOut: number, kept: { id: string; reader: string } | undefined) => {
  const lines = text.split("\n").length
  const size = `${leftOut} of ${text.length} characters (${lines} lines in all) are left out here`
  if (kept === undefined) return `[… ${size}, and are kept nowhere. Ask for less. …]`
  const line = head.split("\n").length
  return `[… ${size} …]\n${keptMark}"${kept.id}". Read on with ${kept.reader}: {"id":"${kept.id}","line":${line}}, or look for a "pattern" in it.]`
}

/** The result as the model is shown it; the very same where it is short enough. `reader` is the tool that reads on. */
export const keepResult = Effect.fnUntraced(function* (
  limits: ResultLimits,
  result: ToolResult,
  reader: string,
  context: CallContext
): Effect.fn.Return<ToolResult> {
  const maxLength = maxLengthOf(limits)
  const said = textOf(result.content)
  const hasText = result.content.some(({ type }) => type === "text")
  const isLong =
    said.length > maxLength || (!hasText && JSON.stringify(result.structuredContent ?? "").length > maxLength)
  if (!isLong) return result
  const text = hasText
    ? result.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n")
    : resultText({ ...result, content: [] })
  const { head, leftOut, tail } = endsOf(text, maxLength)
  const id =
    limits.store === undefined
      ? undefined
      : yield* limits.store
          .keep(ownerOf(limits, context), text)
          .pipe(
            Effect.catch((error) =>
              Effect.as(Effect.logWarning("A long result of a tool could not be kept", error), undefined)
            )
          )
  const mark = markOf(text, head, leftOut, id === undefined ? undefined : { id, reader })
  const { structuredContent: _, ...rest } = result
  return {
    ...rest,
    content: [
      { type: "text", text: `${head}\n\n${mark}\n\n${tail}` },
      ...result.content.filter(({ type }) => type !== "text")
    ]
  }
})
