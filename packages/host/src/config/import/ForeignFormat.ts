/**
 * What there is to know of a format in which another program keeps its MCP servers. A format is data and a few pure
 * functions; `convertServers` does what all of them have in common.
 */
import type { ConfigPath } from "../document.ts"
import { isTree, type Tree } from "../tree.ts"
import type { ImportedOverrides } from "./ImportedServer.ts"
import type { ReferenceStyle } from "./references.ts"

export type Transport = "stdio" | "http" | "sse"

/** Systems that keep files in different places, by their names in Node. */
export type System = "linux" | "darwin" | "win32"

/** One server as it stands in the file. */
export interface ForeignEntry {
  readonly name: string
  /** Where it stands. */
  readonly path: ConfigPath
  readonly raw: unknown
  /** Where its command runs if it does not say so itself. */
  readonly directory?: string
  /** Whether it is switched off by something that stands elsewhere. */
  readonly isDisabled?: boolean
}

/** Where the reader of an entry says what it cannot keep, and what is wrong. */
export interface Remarks {
  /** A sentence without the name of the server. */
  readonly note: (sentence: string) => void
  /** Why the entry is no server that could be taken over, though nothing is wrong with it. */
  readonly skip: (reason: string) => void
  /** Something at a key of the entry that makes it unusable. */
  readonly fault: (key: string | undefined, reason: string, code?: string) => void
}

/** How entries of a format are spelled. */
export interface Dialect {
  /** The key that names the transport; nothing where only the other keys tell. */
  readonly typeKey?: string
  /** What it may say. */
  readonly types: Readonly<Record<string, Transport>>
  /** Keys that hold a URL, and the transport that they mean where none is named. */
  readonly urls: Readonly<Record<string, "http" | "sse">>
  /** Further keys that are understood, or are of no consequence here. */
  readonly keys: ReadonlyArray<string>
  readonly references: ReferenceStyle
  /** The entry with `command`, `args`, `env`, `cwd`, `headers` and a URL under these very names. */
  readonly normalize?: (raw: Tree, remarks: Remarks) => Tree
  readonly overrides?: (raw: Tree, remarks: Remarks) => ImportedOverrides
}

/** Where the files of a program are. `~` is the home folder, `$CONFIG` the folder for settings of a Linux user. */
export interface Places {
  readonly user: Readonly<Record<System, ReadonlyArray<string>>>
  /** In the folder of a project, with `/` on every system. */
  readonly project: ReadonlyArray<string>
}

/** A format that can be imported, as `foreignFormats` lists them. */
export interface ForeignFormat {
  /** As it is given to `--from`. */
  readonly name: string
  readonly title: string
  readonly places: Places
  /** Whether a file has servers in this format. Formats are asked in the order of their table. */
  readonly isIn: (value: Tree) => boolean
  readonly entries: (value: Tree) => ReadonlyArray<ForeignEntry>
  readonly dialect: (value: Tree) => Dialect
  /** What there is to say of the file as a whole. Keys count from its root. */
  readonly remark?: (value: Tree, remarks: Pick<Remarks, "note" | "fault">) => void
}

/** Keys that are there for people. */
const isComment = (key: string): boolean => key.startsWith("_comment") || key.startsWith("//")

/** The servers of a map at a path, by their names. */
export const entriesAt = (value: Tree, ...path: ReadonlyArray<string>): ReadonlyArray<ForeignEntry> => {
  const map = path.reduce<unknown>((inner, key) => (isTree(inner) ? inner[key] : undefined), value)
  if (!isTree(map)) return []
  return Object.entries(map)
    .filter(([name]) => !isComment(name))
    .map(([name, raw]) => ({ name, path: [...path, name], raw }))
}

/** Whether there is a map of maps at a path: a server of ours that happens to have that name is none. */
export const hasEntriesAt = (value: Tree, ...path: ReadonlyArray<string>): boolean => {
  const map = path.reduce<unknown>((inner, key) => (isTree(inner) ? inner[key] : undefined), value)
  return isTree(map) && entriesAt(value, ...path).every(({ raw }) => typeof raw === "object" && raw !== null)
}

/** Whether one of the entries has one of these keys. */
export const someHas = (entries: ReadonlyArray<ForeignEntry>, ...keys: ReadonlyArray<string>): boolean =>
  entries.some(({ raw }) => isTree(raw) && keys.some((key) => key in raw))

/** The same place on every system. */
export const everywhere = (...files: ReadonlyArray<string>): Places["user"] => ({
  linux: files,
  darwin: files,
  win32: files.map((file) => file.replaceAll("/", "\\"))
})

/** For formats that have no place in a home folder. */
export const nowhere: Places["user"] = { linux: [], darwin: [], win32: [] }
