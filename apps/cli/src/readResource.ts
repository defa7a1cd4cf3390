/**
 * `SERVER URI`, `SERVER::URI` or `URI`: which resource is meant, and where its content goes. Text may be printed; bytes
 * belong into a file.
 */
import type { ReadResource } from "@signalbox/orchestrator"
import { Effect, FileSystem, Path } from "effect"
import { InvalidUsage } from "./errors.ts"
import { Setting } from "./Setting.ts"

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox resources read", reason })

export interface ResourceWords {
  readonly server: string | undefined
  readonly uri: string
}

/** Reads the words. */
export const resourceWords = Effect.fnUntraced(function* (words: ReadonlyArray<string>) {
  const [first = "", second] = words
  if (words.length > 2) return yield* invalid("Name one resource: its address, or its server and its address.")
  if (second !== undefined) return { server: first, uri: second } satisfies ResourceWords
  const [, server, uri] = /^([A-Za-z0-9][\w-]*)::(.+)$/s.exec(first) ?? []
  return (
    server === undefined || uri === undefined ? { server: undefined, uri: first } : { server, uri }
  ) satisfies ResourceWords
})

/** Bytes of one content, or its text in UTF-8. */
const bytesOf = (content: ReadResource["contents"][number]): Uint8Array =>
  "blob" in content ? Buffer.from(content.blob, "base64") : Buffer.from(content.text, "utf8")

/** Writes the content into a file; answers how many bytes it has. */
export const writeContent = Effect.fnUntraced(function* ({ contents, uri }: ReadResource, file: string) {
  const [only] = contents
  if (only === undefined || contents.length > 1) {
    return yield* invalid(`"${uri}" has ${contents.length} parts, which do not go into one file; use --json.`)
  }
  const bytes = bytesOf(only)
  const path = (yield* Path.Path).resolve((yield* Setting).directory, file)
  yield* (yield* FileSystem.FileSystem).writeFile(path, bytes)
  return { path, bytes: bytes.length }
})

/** The text of all parts. Fails where one of them is none. */
export const textOf = Effect.fnUntraced(function* ({ contents, uri }: ReadResource) {
  const texts: Array<string> = []
  for (const content of contents) {
    if (!("text" in content)) {
      const what = content.mimeType === undefined ? "no text" : `${content.mimeType} and no text`
      return yield* invalid(`"${uri}" is ${what} (${bytesOf(content).length} bytes). Write it to a file: --out FILE`)
    }
    texts.push(content.text)
  }
  return texts.join("\n")
})
