/**
 * Notices a model that goes round in circles: the same call, with the same arguments, with the same result. It is told
 * first, in the result, where it can still do something else; then the turn ends. A call whose result changes is no
 * circle: that is how one waits for something.
 */
import { canonicalJson, type ToolResult, type ToolUseBlock } from "@signalbox/model"
import { Effect } from "effect"
import type { RepeatLimits } from "./TurnLimits.ts"
import type { TurnHooks } from "./TurnHooks.ts"

/** The code of the notice that ends such a turn. */
export const repeatedCallsCode = "REPEATED_CALLS"

/** Counts the calls of one turn. */
export interface RepeatedCalls {
  /** Tells the model. It sees what hooks have made of a result. */
  readonly hooks: Pick<TurnHooks, "afterTool">
  /** A sentence about the call that was made too often, if one was. */
  readonly ending: () => string | undefined
}

interface Circle {
  readonly result: string
  readonly count: number
  readonly step: number
}

const withNote = (result: ToolResult, note: string): ToolResult => ({
  ...result,
  content: [...result.content, { type: "text", text: note }]
})

/** Begins to count. Without limits nothing is counted. */
export const makeRepeatedCalls = (limits: RepeatLimits | undefined): RepeatedCalls => {
  if (limits === undefined) return { hooks: {}, ending: () => undefined }
  const circles = new Map<string, Circle>()
  let ending: string | undefined

  /** Calls that are made side by side are one attempt. */
  const count = ({ input, name }: ToolUseBlock, result: ToolResult, step: number): number => {
    const key = `${name} ${canonicalJson(input)}`
    const before = circles.get(key)
    const shown = canonicalJson(result)
    const isSame = before?.result === shown
    const next = isSame ? before.count + (before.step === step ? 0 : 1) : 1
    circles.set(key, { result: shown, count: next, step })
    return next
  }

  return {
    hooks: {
      afterTool: ({ call, result }, step) =>
        Effect.sync(() => {
          const times = count(call, result, step)
          if (times >= limits.stopAfter) {
            ending = `Stopped: "${call.name}" was called ${times} times with the same arguments and gave the same result each time.`
          }
          if (times < limits.tellAfter) return result
          const note = `Note: this call was made ${times} times with the same arguments and gave the same result each time. Do something else, or answer with what you know. After ${limits.stopAfter} times the turn ends.`
          return withNote(result, note)
        })
    },
    ending: () => ending
  }
}
