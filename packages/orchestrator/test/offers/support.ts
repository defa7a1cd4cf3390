/** Real servers whose requests are counted, for tests of what they offer beside tools. */
import { localCall } from "@signalbox/model"
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import { type FxMcpFlags, readFxMcpLog, tempDirectory } from "@signalbox/testing"
import { Effect } from "effect"
import { fx, orchestrateReal } from "../realServers.ts"

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => tempDirectory()),
  (folder) => Effect.promise(() => folder[Symbol.asyncDispose]())
)

/** An orchestrator over servers of these names, all settled, and how often each was asked what. */
export const offering = Effect.fnUntraced(function* (servers: Readonly<Record<string, FxMcpFlags>>) {
  const folder = yield* temporaryFolder
  const logOf = (name: string) => folder.file(`${name}.log`)
  const boxes = yield* orchestrateReal(
    Object.entries(servers).map(([name, flags]) => fx(name, { ...flags, log: logOf(name) }))
  )
  yield* boxes.settled
  const asked = (name: string, method: string) =>
    readFxMcpLog(logOf(name)).filter((event) => event.event === "request" && event.method === method).length
  return { boxes, asked }
})

/** Kills the process of a server. The answer of the call that does so is lost. */
export const kill = (boxes: ServerOrchestrator["Service"], tool = "kill_self") =>
  Effect.ignore(boxes.toolbox.call(tool, {}, localCall()))

export const names = (items: ReadonlyArray<{ readonly name: string }>) => items.map(({ name }) => name)
