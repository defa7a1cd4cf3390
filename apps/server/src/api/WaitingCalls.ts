/**
 * Calls of the host's tools that were shown to a client as waiting for approval, until it answers. Each is answered once:
 * a request that is sent again runs nothing again. Arguments are those that were shown, whatever comes back.
 */
import type { ApprovalAnswer, ToolUseBlock } from "@signalbox/model"

/** An answer, and the call that it is about. */
export interface AnsweredCall {
  /** With an id of its own: it is made anew. */
  readonly call: ToolUseBlock
  readonly answer: ApprovalAnswer
}

/** What came of the answers of a request. */
export interface TakenCalls {
  readonly calls: ReadonlyArray<AnsweredCall>
  /** Answers to calls that nobody waits for any more. */
  readonly unknown: ReadonlyArray<ApprovalAnswer>
}

/** The memory. A client answers for its own calls alone. */
export interface WaitingCalls {
  readonly add: (clientName: string, responseId: string, call: ToolUseBlock) => void
  readonly take: (clientName: string, answers: ReadonlyArray<ApprovalAnswer>) => TakenCalls
}

/** Calls that are remembered at the most: the oldest goes first. */
const mostCalls = 4096

const keyOf = (...parts: ReadonlyArray<string>): string => JSON.stringify(parts)

/** A memory of its own. */
export const makeWaitingCalls = (most: number = mostCalls): WaitingCalls => {
  const waiting = new Map<string, ToolUseBlock>()
  return {
    add: (clientName, responseId, call) => {
      waiting.set(keyOf(clientName, responseId, call.id), call)
      for (const oldest of waiting.keys()) {
        if (waiting.size <= most) return
        waiting.delete(oldest)
      }
    },
    take: (clientName, answers) => {
      const taken = answers.map((answer) => {
        const key = keyOf(clientName, answer.responseId, answer.callId)
        const call = waiting.get(key)
        waiting.delete(key)
        return { answer, call }
      })
      return {
        calls: taken.flatMap(({ answer, call }) =>
          call === undefined ? [] : [{ answer, call: { ...call, id: `${call.id}_again` } }]
        ),
        unknown: taken.flatMap(({ answer, call }) => (call === undefined ? [answer] : []))
      }
    }
  }
}
