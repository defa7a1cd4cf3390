/**
 * What a call would make of a file: the tool itself runs, over a workspace that notes what is to be written and writes
 * nothing.
 */
import { localCall, type JsonObject } from "@signalbox/model"
import { Effect, Option } from "effect"
import type { Workspace } from "../paths/Workspace.ts"
import { editTool, multiEditTool } from "./editTools.ts"
import { notebookEditTool } from "./notebookTools.ts"
import { writeTool } from "./writeTool.ts"

/** A file before and after a change. */
export interface ChangedFile {
  readonly path: string
  /** Nothing where there was none, or where it was too large to be read. */
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array
}

const toolOf = (name: string, workspace: Workspace, maxFileBytes: number) => {
  switch (name) {
    case "Write":
      return writeTool(workspace, maxFileBytes)
    case "Edit":
      return editTool(workspace)
    case "MultiEdit":
      return multiEditTool(workspace)
    case "NotebookEdit":
      return notebookEditTool(workspace)
    default:
      return undefined
  }
}

/** Nothing where the tool changes no file, or would refuse the call. */
export const previewChange = (workspace: Workspace, maxFileBytes: number) =>
  Effect.fnUntraced(function* (name: string, input: JsonObject) {
    let change: ChangedFile | undefined
    const noting: Workspace = {
      ...workspace,
      keepsImages: true,
      writeFile: (place, after, before) =>
        Effect.sync(() => {
          change = { path: place.real, before: before?.bytes, after }
        })
    }
    const tool = toolOf(name, noting, maxFileBytes)
    if (tool === undefined) return undefined
    const ran = yield* Effect.option(tool.run(input, localCall()))
    return Option.isSome(ran) ? change : undefined
  })
