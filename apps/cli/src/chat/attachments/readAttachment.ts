/**
 * A file as a block of a message: pictures and PDFs, told by what is in them and not by their names.
 */
import type { DocumentBlock, ImageBlock } from "@signalbox/model"
import { Effect } from "effect"
import { readFile, stat } from "node:fs/promises"
import { homedir } from "node:os"
import { basename, join, resolve } from "node:path"
import { AttachmentUnusable } from "../../errors.ts"

/** A file for the model. */
export interface Attachment {
  readonly name: string
  readonly bytes: number
  readonly block: ImageBlock | DocumentBlock
}

/**
 * In bytes. Anthropic takes pictures of 5 MB in base64 (Vision documentation), and a message that is kept is one line of at
 * most 16 MiB.
 */
const limits = { picture: 3_750_000, all: 10_000_000 } as const

const startsWith = (bytes: Buffer, text: string, at = 0): boolean =>
  bytes.subarray(at, at + text.length).toString("latin1") === text

/** The media type by the first bytes. */
const typeOf = (bytes: Buffer): string | undefined => {
  if (startsWith(bytes, "\u0089PNG\r\n\u001a\n")) return "image/png"
  if (startsWith(bytes, "\u00ff\u00d8\u00ff")) return "image/jpeg"
  if (startsWith(bytes, "GIF87a") || startsWith(bytes, "GIF89a")) return "image/gif"
  if (startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8)) return "image/webp"
  return startsWith(bytes, "%PDF-") ? "application/pdf" : undefined
}

const blockOf = (name: string, type: string, bytes: Buffer): ImageBlock | DocumentBlock => {
  const source = { type: "base64" as const, media_type: type, data: bytes.toString("base64") }
  return type === "application/pdf" ? { type: "document", source, title: name } : { type: "image", source }
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`

/** The file that a person means, from the folder where they are. */
export const placeOf = (path: string, directory: string): string =>
  resolve(directory, path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path)

/** Why Node did not give the content, in words. */
const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file"
  if (code === "EACCES" || code === "EPERM") return "it may not be read"
  return error instanceof Error ? error.message : String(error)
}

/** The bytes of a regular file that is not too large: what is none may never open, or never end. */
const readBytes = async (place: string): Promise<Buffer | { readonly reason: string }> => {
  const found = await stat(place)
  if (!found.isFile()) return { reason: "it is no file" }
  if (found.size > limits.all)
    return { reason: `it has ${megabytes(found.size)}, and ${megabytes(limits.all)} is the most` }
  return await readFile(place)
}

/** Reads one. */
export const readAttachment = Effect.fnUntraced(function* (path: string, directory: string) {
  const refuse = (reason: string) => new AttachmentUnusable({ path, reason })
  const bytes = yield* Effect.tryPromise({
    try: () => readBytes(placeOf(path, directory)),
    catch: (error) => refuse(reasonOf(error))
  })
  if ("reason" in bytes) return yield* refuse(bytes.reason)
  const type = typeOf(bytes)
  if (type === undefined) return yield* refuse("it is neither a picture (PNG, JPEG, GIF, WebP) nor a PDF")
  if (type !== "application/pdf" && bytes.length > limits.picture)
    return yield* refuse(`the picture has ${megabytes(bytes.length)}, and ${megabytes(limits.picture)} is the most`)
  const name = basename(path)
  return { name, bytes: bytes.length, block: blockOf(name, type, bytes) } satisfies Attachment
})

/** What is wrong with them as files of one message; nothing where they are not too much together. */
export const problemTogether = (files: ReadonlyArray<Attachment>): AttachmentUnusable | undefined => {
  const sum = files.reduce((total, { bytes }) => total + bytes, 0)
  const last = files.at(-1)
  if (last === undefined || sum <= limits.all) return undefined
  const reason = `all files of the message have ${megabytes(sum)}, and ${megabytes(limits.all)} is the most`
  return new AttachmentUnusable({ path: last.name, reason })
}

/** Fails where they are too much for one message together. */
export const checkTogether = (files: ReadonlyArray<Attachment>): Effect.Effect<void, AttachmentUnusable> => {
  const problem = problemTogether(files)
  return problem === undefined ? Effect.void : Effect.fail(problem)
}
