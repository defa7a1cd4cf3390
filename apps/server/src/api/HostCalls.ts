/**
 * Calls of the host's tools that were made beside calls of the caller's, kept until the caller comes back with the results
 * of its own. The APIs have the caller send everything again, and coding agents do not: Codex leaves out what it has no word
 * for, opencode the results. What is missing then is put back, where the call of the caller is that it belongs to.
 */
import { type TurnEvent, toolResultBlock } from "@signalbox/conversation"
import {
  type ContentBlock,
  isLostResult,
  type Message,
  type ToolResultBlock,
  type ToolUseBlock
} from "@signalbox/model"

/** What is remembered at the most: the oldest goes first. */
export interface HostCallsOptions {
  readonly maxTurns: number
  /** Characters of calls and results. */
  readonly maxSize: number
}

/** The memory. A client gets back what was its own, and nothing of others. */
export interface HostCalls {
  /** Hears the events of one turn. */
  readonly watch: (clientName: string) => (event: TurnEvent) => void
  /** A conversation with what the client has left out; the very same where it has not. */
  readonly restore: (clientName: string, messages: ReadonlyArray<Message>) => ReadonlyArray<Message>
}

interface HostCall {
  readonly call: ToolUseBlock
  readonly result: ToolResultBlock
}

interface Kept {
  readonly keys: ReadonlyArray<string>
  readonly calls: ReadonlyArray<HostCall>
  readonly size: number
}

const defaults: HostCallsOptions = { maxTurns: 4096, maxSize: 32 * 1024 * 1024 }

const keyOf = (clientName: string, callId: string): string => JSON.stringify([clientName, callId])

/** Dialects give ids of the host's calls their own prefix, and take it off again. */
const bare = (id: string): string => id.replace(/^toolu_/, "")

/** A memory of its own. */
export const makeHostCalls = ({ maxSize, maxTurns }: HostCallsOptions = defaults): HostCalls => {
  const byCall = new Map<string, Kept>()
  const turns = new Set<Kept>()
  let size = 0

  const forget = (kept: Kept): void => {
    turns.delete(kept)
    size -= kept.size
    for (const key of kept.keys) if (byCall.get(key) === kept) byCall.delete(key)
  }

  const keep = (kept: Kept): void => {
    turns.add(kept)
    size += kept.size
    for (const key of kept.keys) byCall.set(key, kept)
    for (const oldest of turns) {
      if (turns.size <= maxTurns && size <= maxSize) return
      forget(oldest)
    }
  }

  const watch = (clientName: string) => {
    const calls: Array<HostCall> = []
    /** Calls of the caller's with which the limit of rounds has ended the turn: they are handed back all the same. */
    const open: Array<string> = []
    return (event: TurnEvent): void => {
      if (event.type === "tool_end") {
        const { call, result } = event.outcome
        if (call.runBy?._tag === "Host") calls.push({ call, result: toolResultBlock(event.callId, result) })
        if (call.runBy?._tag === "Caller") open.push(event.callId)
      }
      if (event.type !== "turn_end" || calls.length === 0) return
      const ids = [...event.result.pendingCalls.map(({ id }) => id), ...open]
      const keys = ids.map((id) => keyOf(clientName, id))
      if (keys.length > 0) keep({ keys, calls, size: JSON.stringify(calls).length })
    }
  }

  const keptFor = (clientName: string, message: Message): ReadonlyArray<HostCall> => {
    if (message.role !== "assistant" || turns.size === 0) return []
    const found = message.content.flatMap((block) => {
      const kept = block.type === "tool_use" ? byCall.get(keyOf(clientName, block.id)) : undefined
      return kept === undefined ? [] : [kept]
    })
    return [...new Set(found)].flatMap(({ calls }) => calls)
  }

  return {
    watch,
    restore: (clientName, messages) => {
      const kept = messages.map((message) => keptFor(clientName, message))
      return kept.some((calls) => calls.length > 0) ? restored(messages, kept) : messages
    }
  }
}

const isCall = (block: ContentBlock): block is ToolUseBlock => block.type === "tool_use"

/** Before the calls of the message, which the thoughts and the words come before. */
const withCalls = ({ content, role }: Message, calls: ReadonlyArray<ToolUseBlock>): Message => {
  const place = content.findIndex(isCall)
  return { role, content: [...content.slice(0, place), ...calls, ...content.slice(place)] }
}

/** The messages, each assistant turn with the calls that belong to it, and the results in the turn after it. */
const restored = (
  messages: ReadonlyArray<Message>,
  kept: ReadonlyArray<ReadonlyArray<HostCall>>
): ReadonlyArray<Message> => {
  const blocks = messages.flatMap(({ content }) => content)
  const called = new Set(blocks.filter(isCall).map(({ id }) => bare(id)))
  const results = new Map(kept.flat().map(({ result }) => [bare(result.tool_use_id), result]))
  const missing = kept.map((calls, index) =>
    // Without a turn for the results the calls would be refused.
    messages[index + 1]?.role === "user" ? calls.filter(({ call }) => !called.has(bare(call.id))) : []
  )
  const answered = (block: ContentBlock): ContentBlock => {
    if (block.type !== "tool_result" || !isLostResult(block)) return block
    const result = results.get(bare(block.tool_use_id))
    return result === undefined ? block : { ...result, tool_use_id: block.tool_use_id }
  }
  return messages.map((message, index) => {
    const own = missing[index] ?? []
    if (own.length > 0)
      return withCalls(
        message,
        own.map(({ call }) => call)
      )
    const before = message.role === "user" ? (missing[index - 1] ?? []) : []
    return { role: message.role, content: [...before.map(({ result }) => result), ...message.content.map(answered)] }
  })
}
