/** The parts of a store of files, on Node. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { FileLock, type JsonlOptions, layerJsonl, ProcessIdentities } from "@signalbox/conversation/jsonl"
import { Effect, FileSystem, Layer } from "effect"
import { hostname } from "node:os"

/** Files, locks, and who we are. */
export const locks = FileLock.layer.pipe(
  Layer.provideMerge(ProcessIdentities.layer({ pid: process.pid, hostname: hostname() })),
  Layer.provideMerge(NodeServices.layer)
)

/** A store of its own for each use. */
export const storeIn = (folder: string, options: Partial<JsonlOptions> = {}) =>
  Layer.fresh(layerJsonl({ folder, durability: "fsync", strict: false, ...options }).pipe(Layer.provide(locks)))

/** A folder that is gone afterwards. */
export const folder = FileSystem.FileSystem.pipe(
  Effect.flatMap((fs) => fs.makeTempDirectoryScoped({ prefix: "signalbox-history-" })),
  Effect.provide(NodeServices.layer)
)
