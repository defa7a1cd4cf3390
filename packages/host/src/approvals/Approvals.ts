/**
 * The gates before the tools of a host: one for each kind of conversation, over one memory. They follow a configuration
 * that changes; what was approved stays.
 */
import { type Approval, type ApprovalStore, makeApproval, makeApprovalMemory } from "@signalbox/conversation"
import { Context, Effect, type FileSystem, Layer, Path } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { noSeams } from "../HostSeams.ts"
import type { HostSetup } from "../HostSetup.ts"
import { approvalFile, storeFor } from "./approvalFile.ts"
import { agentPolicy, conversationPolicy, servedPolicy } from "./approvalPolicy.ts"

/** The name of the file in the data folder. */
export const approvalsFile = "approvals.json"

/** Who asks before a tool runs. */
export class Approvals extends Context.Service<
  Approvals,
  {
    /** For conversations over all servers. */
    readonly conversations: Approval
    readonly agent: (agentName: string) => Approval
    /** For the clients of `signalbox serve`. */
    readonly served: Approval
    /** Takes up another configuration. */
    readonly follow: (config: LoadedConfig) => Effect.Effect<void>
  }
>()("@signalbox/host/Approvals") {
  /** The gates of one configuration. Without a data folder nothing is kept for longer than a conversation. */
  static readonly layer = (setup: HostSetup): Layer.Layer<Approvals, never, FileSystem.FileSystem | Path.Path> =>
    Layer.effect(Approvals, makeApprovals(setup))
}

const storeOf = Effect.fnUntraced(function* ({ config, dataDirectory }: HostSetup) {
  if (dataDirectory === undefined) return undefined
  const path = yield* Path.Path
  const file = yield* approvalFile(path.join(dataDirectory, approvalsFile))
  // Servers of one name are different servers in different configurations.
  return storeFor(file, config.file ?? config.directory) satisfies ApprovalStore
})

const makeApprovals = Effect.fnUntraced(function* (setup: HostSetup) {
  let { options } = setup.config
  const memory = makeApprovalMemory((setup.seams ?? noSeams).approvals(yield* storeOf(setup)))
  return Approvals.of({
    conversations: makeApproval(() => conversationPolicy(options), memory),
    agent: (agentName) => makeApproval(() => agentPolicy(options, agentName), memory),
    served: makeApproval(() => servedPolicy(options), memory),
    follow: (config) => Effect.sync(() => void (options = config.options))
  })
})
