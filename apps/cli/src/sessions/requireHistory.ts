/** Whether conversations are kept at all. */
import type { LoadedConfig } from "@signalbox/host"
import { keepsConversations } from "@signalbox/host/node"
import { Effect } from "effect"
import { HistoryOff } from "./errors.ts"

/** Fails where the configuration wants none to be kept. */
export const requireHistory = (config: LoadedConfig): Effect.Effect<void, HistoryOff> =>
  Effect.suspend(() => (keepsConversations(config) ? Effect.void : Effect.fail(new HistoryOff({}))))
