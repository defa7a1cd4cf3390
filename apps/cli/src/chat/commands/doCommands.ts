/**
 * Commands that do something with files, and the one that leaves.
 */
import { userFileChanges } from "@signalbox/host/node"
import { Effect } from "effect"
import { readdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { ChatCommandInvalid, NothingToUndo } from "../../errors.ts"
import { Output } from "../../Output.ts"
import { printable } from "../../render/style.ts"
import { Setting } from "../../Setting.ts"
import { checkTogether, placeOf, readAttachment } from "../attachments/readAttachment.ts"
import type { ChatCommand } from "./ChatCommand.ts"

export const undo: ChatCommand = {
  name: "undo",
  parameters: "",
  summary: "Take back the last change of a file by a built-in tool, as signalbox undo does",
  run: Effect.fnUntraced(function* ({ host }) {
    const { style } = yield* Output
    const { areKept, changes, revert } = yield* userFileChanges(host.config)
    const [latest] = yield* changes
    if (latest === undefined) return yield* new NothingToUndo({ areKept })
    const { path, wasNew } = yield* revert(latest.id)
    const now = wasNew ? "is gone again" : "is as it was before; the next /undo takes that back"
    return { text: `${style.green("✓")} ${printable(path)} ${now}`, data: { path, was_new: wasNew } }
  }, Effect.scoped)
}

/** Names in the folder that the path begins with. */
const completePath = async (begun: string, directory: string): Promise<ReadonlyArray<string>> => {
  const folder = begun.endsWith("/") ? begun : dirname(begun)
  const prefix = begun.endsWith("/") || begun.includes("/") ? folder : ""
  const entries = await readdir(placeOf(folder, directory), { withFileTypes: true })
  return entries
    .filter(({ name }) => !name.startsWith("."))
    .map((entry) => `${join(prefix, entry.name)}${entry.isDirectory() ? "/" : ""}`)
}

export const image: ChatCommand = {
  name: "image",
  parameters: "PATH",
  summary: "Send a picture or a PDF along with the next message; a path in the message does so, too",
  complete: (_, begun) =>
    Effect.orElseSucceed(
      Effect.tryPromise(() => completePath(begun, process.cwd())),
      (): ReadonlyArray<string> => []
    ),
  run: Effect.fnUntraced(function* ({ state }, argument) {
    const { style } = yield* Output
    const { directory } = yield* Setting
    const path = argument.replace(/^(['"])(.*)\1$/, "$2").replace(/\\(.)/g, "$1")
    if (path === "") return yield* new ChatCommandInvalid({ usage: "/image PATH", reason: "Name the file to send." })
    const file = yield* readAttachment(path, directory)
    const attachments = [...state.attachments, file]
    yield* checkTogether(attachments)
    state.attachments = attachments
    return {
      text: `${style.green("✓")} ${printable(file.name)} goes along with your next message.`,
      data: { name: file.name, bytes: file.bytes }
    }
  })
}

export const exit: ChatCommand = {
  name: "exit",
  parameters: "",
  summary: "Leave; so do quit, exit, q and Ctrl-D",
  run: () => Effect.succeed({ text: "", data: null, next: { _tag: "Leave" } })
}
