/**
 * The formats that can be imported. A file is recognized by its name where a program prescribes one, and else by its
 * content: special forms come before those that others resemble.
 */
import type { Tree } from "../tree.ts"
import type { ForeignFormat } from "./ForeignFormat.ts"
import { claudeCode } from "./formats/claudeCode.ts"
import { claudeDesktop } from "./formats/claudeDesktop.ts"
import { codex } from "./formats/codex.ts"
import { cursor } from "./formats/cursor.ts"
import { gemini } from "./formats/gemini.ts"
import { mcpJson } from "./formats/mcpJson.ts"
import { opencode } from "./formats/opencode.ts"
import { processes } from "./formats/processes.ts"
import { serversConfig } from "./formats/serversConfig.ts"
import { serversList } from "./formats/serversList.ts"
import { vscode } from "./formats/vscode.ts"
import { windsurf } from "./formats/windsurf.ts"
import { zed } from "./formats/zed.ts"

/** Every format, in the order in which a content is compared with them. */
export const foreignFormats: ReadonlyArray<ForeignFormat> = [
  claudeCode,
  claudeDesktop,
  gemini,
  windsurf,
  cursor,
  serversConfig,
  mcpJson,
  codex,
  zed,
  opencode,
  vscode,
  serversList,
  processes
]

const placesOf = ({ places }: ForeignFormat): ReadonlyArray<string> =>
  [...Object.values(places.user).flat(), ...places.project].map((place) => place.replaceAll("\\", "/"))

/** The last `count` parts of a path. */
const tailOf = (path: string, count: number): string => path.split("/").slice(-count).join("/")

/** Whether a file is one of those that a format is kept in: by its name, or with its folder where programs share a name. */
const isAtPlaceOf = (format: ForeignFormat, file: string): boolean => {
  const path = file.replaceAll("\\", "/")
  const name = tailOf(path, 1)
  const isShared = foreignFormats.some(
    (other) => other !== format && placesOf(other).some((place) => tailOf(place, 1) === name)
  )
  return placesOf(format).some((place) => (isShared ? tailOf(place, 2) === tailOf(path, 2) : tailOf(place, 1) === name))
}

/** The format of a file that has these values; `undefined` when it has none that is known. */
export const formatOf = (file: string, value: Tree): ForeignFormat | undefined => {
  // The form that most have in common is content enough where the name tells the program.
  const isReadable = (format: ForeignFormat) =>
    format.isIn(value) || (mcpJson.isIn(value) && format.entries(value).length > 0)
  return (
    foreignFormats.find((format) => isAtPlaceOf(format, file) && isReadable(format)) ??
    foreignFormats.find((format) => format.isIn(value))
  )
}
