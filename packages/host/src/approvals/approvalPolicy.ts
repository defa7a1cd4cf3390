/**
 * The policy of a configuration, for its own conversations, for an agent and for the clients of `signalbox serve`.
 */
import type { ApprovalMode, ApprovalPolicy } from "@signalbox/conversation"
import type { HostOptions } from "../config/HostOptions.ts"

/** Modes of servers that have one of their own. */
const modesOf = ({ servers }: HostOptions): Readonly<Record<string, ApprovalMode>> =>
  Object.fromEntries(
    Object.entries(servers).flatMap(([name, { approval }]) => (approval === undefined ? [] : [[name, approval]]))
  )

/** For conversations over all servers, such as those of `signalbox chat`. */
export const conversationPolicy = (options: HostOptions): ApprovalPolicy => ({
  ...options.conversation.approval,
  sources: modesOf(options)
})

/** For an agent; one that is gone from the configuration has that of all. */
export const agentPolicy = (options: HostOptions, agentName: string): ApprovalPolicy => {
  const all = conversationPolicy(options)
  const own = options.agents[agentName]?.approval
  return { ...all, mode: own?.mode ?? all.mode, rules: [...(own?.rules ?? []), ...all.rules] }
}

/** For requests over HTTP: what a key may use is said by its tools, and rules and modes of servers hold for all. */
export const servedPolicy = (options: HostOptions): ApprovalPolicy => ({
  ...conversationPolicy(options),
  mode: options.server.approval
})
