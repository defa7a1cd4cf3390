/**
 * Picks the reply for a request: the first rule that matches and is not used up, else the next reply of the script, else
 * what `whenExhausted` says. A script without a fitting answer fails loudly, so that a surplus request shows in the test.
 */
import type { SeenRequest } from "./SeenRequest.ts"
import { isRule, type Match, type Reply, type Script } from "./script.ts"

/** What answers when no rule matches and all replies are used: a 400, the last user text, or the last reply again. */
export type WhenExhausted = "fail" | "echo" | "repeat"

/** Repeats what the user said; when tool results came, repeats the last of them. */
const echoReply = (request: SeenRequest): Reply => ({
  text: request.toolResults.length > 0 ? "Tool said: {{lastToolResult}}" : "{{lastUserText}}"
})

/** A chooser that remembers how far the script has come. */
export const makeChooser = (script: Script | undefined, whenExhausted: WhenExhausted) => {
  if (script === undefined) return echoReply
  if (!Array.isArray(script)) {
    // `Array.isArray` does not narrow readonly arrays away: what is left is a single reply.
    const only = script as Reply
    return () => only
  }
  const entries: ReadonlyArray<Exclude<Script, Reply>[number]> = script
  const rules = entries.filter(isRule).map((rule) => ({ rule, used: 0 }))
  const replies = entries.filter((entry): entry is Reply => !isRule(entry))
  let next = 0
  return (request: SeenRequest): Reply => {
    const fitting = rules.find(({ rule, used }) => used < (rule.times ?? Infinity) && matches(rule.when, request))
    if (fitting !== undefined) {
      const list: ReadonlyArray<Reply> = [fitting.rule.reply].flat()
      const reply = list[Math.min(fitting.used, list.length - 1)]
      fitting.used += 1
      return reply ?? {}
    }
    const reply = replies[next]
    if (reply !== undefined) {
      next += 1
      return reply
    }
    const last = replies.at(-1)
    if (whenExhausted === "repeat" && last !== undefined) return last
    return whenExhausted === "echo" ? echoReply(request) : exhausted(request, replies.length)
  }
}

const exhausted = (request: SeenRequest, count: number): Reply => ({
  fault: {
    kind: "status",
    status: 400,
    message:
      `fx-llm has no reply for request ${request.n}: all ${count} replies of the script are used and no rule matches. ` +
      `Add a reply, or set whenExhausted to "echo" or "repeat".`,
    // Keeps the official clients from trying again what cannot succeed.
    headers: { "x-should-retry": "false" }
  }
})

const matches = (when: Match, request: SeenRequest): boolean =>
  holds(when.lastUserTextContains, (text) => request.lastUserText.includes(text)) &&
  holds(when.lastUserTextMatches, (source) => new RegExp(source, "u").test(request.lastUserText)) &&
  holds(when.systemContains, (text) => request.system.includes(text)) &&
  holds(when.nth, (nth) => request.n === nth) &&
  holds(when.hasToolResults, (has) => request.toolResults.length > 0 === has) &&
  holds(when.lastToolResultContains, (text) => request.toolResults.at(-1)?.includes(text) === true) &&
  holds(when.offersTool, (name) => request.offeredTools.includes(name)) &&
  holds(when.model, (model) => request.model === model) &&
  holds(when.dialect, (dialect) => request.kind === dialect)

const holds = <A>(condition: A | undefined, test: (value: A) => boolean): boolean =>
  condition === undefined || test(condition)
