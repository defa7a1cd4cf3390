/**
 * What built-in tools change in files, as a person sees it: before they approve a call, and when it is done. What was seen
 * before is not shown again.
 */
import { builtInSource } from "@signalbox/host"
import { userFileChanges } from "@signalbox/host/node"
import type { ToolOutcome } from "@signalbox/conversation"
import { isJsonObject, type JsonObject, qualifiedName, sourceOf } from "@signalbox/model"
import type { ChangedFile } from "@signalbox/tools"
import { Effect, Semaphore } from "effect"
import { relative } from "node:path"
import { Output } from "../Output.ts"
import { Setting } from "../Setting.ts"
import type { RunningHost } from "../withHost.ts"
import { type FileDiffs, noFileDiffs, shownDiffLines } from "./FileDiffs.ts"

const changing = ["Write", "Edit", "MultiEdit", "NotebookEdit"]

/** The built-in tool that is called, if it is one that changes files. */
const toolOf = (name: string): string | undefined =>
  changing.find((tool) => name === tool || name === qualifiedName(builtInSource, tool))

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Bytes as text; nothing where they are none. */
const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** The file of a call: as the tool names it, else as the model did. */
const pathOf = (input: JsonObject, { structuredContent }: ToolOutcome["result"]): string => {
  const told = isJsonObject(structuredContent) ? structuredContent["path"] : undefined
  const named = [told, input["notebook_path"], input["file_path"]]
  return named.find((path) => typeof path === "string") ?? ""
}

/** Whether the file is the one that was named, maybe from another folder. */
const isAt = (path: string, named: string): boolean => path === named || path.endsWith(`/${named.replace(/^\.\//, "")}`)

const keyOf = (tool: string, input: JsonObject): string => JSON.stringify([tool, input])

/** Makes it for one chat. */
export const makeFileDiffs = Effect.fnUntraced(function* ({ config }: RunningHost) {
  if (!config.options.tools.enabled.some((name) => changing.includes(name))) return noFileDiffs
  const output = yield* Output
  const { directory } = yield* Setting
  const { changedFile, changes, preview } = yield* userFileChanges(config)
  const render = yield* Effect.cached(Effect.promise(() => import("../render/diff.ts")))
  const one = Semaphore.makeUnsafe(1)
  const seen = new Set<string>()
  const told = new Set((yield* Effect.orElseSucceed(changes, () => [])).map(({ id }) => id))

  const rendered = Effect.fnUntraced(function* (file: ChangedFile | undefined, most: number) {
    const after = file === undefined ? undefined : textOf(file.after)
    const before = file?.before === undefined ? undefined : textOf(file.before)
    if (file === undefined || after === undefined || (before === undefined && file.before !== undefined))
      return undefined
    const { renderDiff } = yield* render
    const path = relative(directory, file.path)
    const change = { path: path.startsWith("..") ? file.path : path, before, after }
    return renderDiff(change, { style: output.errorStyle, width: output.width, most })
  })

  /** The oldest change of the file that has not been told: calls are told in the order in which they end. */
  const nextChange = Effect.fnUntraced(function* (path: string) {
    const all = yield* Effect.orElseSucceed(changes, () => [])
    const change = all.findLast((each) => !told.has(each.id) && isAt(each.path, path))
    if (change === undefined) return undefined
    told.add(change.id)
    const file = yield* Effect.orElseSucceed(changedFile(change.id), () => undefined)
    return (yield* rendered(file, shownDiffLines))?.text
  })

  return {
    before: Effect.fnUntraced(function* (tool, input, most) {
      const name = sourceOf(tool.runBy) === builtInSource ? toolOf(tool.originalName) : undefined
      if (name === undefined) return undefined
      const diff = yield* rendered(yield* preview(name, input), most)
      if (diff !== undefined) seen.add(keyOf(name, input))
      return diff
    }),
    after: Effect.fnUntraced(function* ({ call: { input, name, runBy }, result, status }) {
      const isOurs = runBy?._tag === "Host" && runBy.source === builtInSource
      const tool = isOurs ? toolOf(name) : undefined
      if (tool === undefined || status !== "ok") return undefined
      const text = yield* one.withPermit(nextChange(pathOf(input, result)))
      return seen.delete(keyOf(tool, input)) ? undefined : text
    })
  } satisfies FileDiffs
})
