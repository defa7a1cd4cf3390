/** Where conversations are kept. */
import type { LoadedConfig } from "@signalbox/host"
import { conversationFolder } from "@signalbox/host/node"
import { Effect } from "effect"
import { HistoryOff } from "../errors.ts"

/** The folder; a failure where the configuration wants none. */
export const folderOf = (config: LoadedConfig): Effect.Effect<string, HistoryOff> => {
  const folder = conversationFolder(config)
  return folder === undefined ? Effect.fail(new HistoryOff({})) : Effect.succeed(folder)
}
