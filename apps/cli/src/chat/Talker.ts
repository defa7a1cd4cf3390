/** Whom one talks to: the host with all servers, or one of its agents. */
import { Host } from "@signalbox/host"
import { Effect, Option } from "effect"

export const talkerOf = Effect.fnUntraced(function* (agent: Option.Option<string>) {
  const host = yield* Host
  return Option.isNone(agent) ? host : yield* host.agents.add(agent.value)
})

export type Talker = Effect.Success<ReturnType<typeof talkerOf>>
