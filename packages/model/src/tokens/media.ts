/**
 * How many tokens pictures and documents are: by their size in pixels and their pages, which are read from the first
 * bytes where they come with the request. What cannot be read counts as large.
 */
import { Option, Result } from "effect"
import * as Base64 from "effect/encoding/Base64"
import type { DocumentBlock, ImageBlock } from "../ContentBlock.ts"

/** A picture of the largest size that is not scaled down. */
const maxImageTokens = 1600
const pixelsPerToken = 750
const tokensPerPage = 2000
/** For documents that are somewhere else. */
const unknownPages = 5
/** Where a document does not say how many pages it has. */
const bytesPerPage = 50_000

/** The size stands in the first bytes; in photographs behind a preview. */
const headLength = 4 * 64 * 1024

/** The tokens of a picture. */
export const imageTokens = ({ source }: ImageBlock): number => {
  if (source.type !== "base64") return maxImageTokens
  const size = Option.flatMap(bytesOf(source.data.slice(0, headLength)), (bytes) =>
    Option.fromUndefinedOr(sizeOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
  )
  return Option.match(size, {
    onNone: () => maxImageTokens,
    onSome: ({ height, width }) => Math.min(maxImageTokens, Math.ceil((width * height) / pixelsPerToken))
  })
}

/** The tokens of a document that is no text. */
export const pdfTokens = ({ source }: DocumentBlock): number => {
  const data = source["data"]
  const pages =
    typeof data === "string" ? Option.match(bytesOf(data), { onNone: () => 1, onSome: pagesOf }) : unknownPages
  return pages * tokensPerPage
}

const bytesOf = (base64: string): Option.Option<Uint8Array> => Result.getSuccess(Base64.decode(base64))

interface Size {
  readonly width: number
  readonly height: number
}

const sizeOf = (view: DataView): Size | undefined => {
  if (view.byteLength < 30) return undefined
  if (view.getUint32(0) === 0x89504e47) return { width: view.getUint32(16), height: view.getUint32(20) }
  if (view.getUint32(0) === 0x47494638) return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
  if (view.getUint32(0) === 0x52494646 && view.getUint32(8) === 0x57454250) return webpSize(view)
  return view.getUint16(0) === 0xffd8 ? jpegSize(view) : undefined
}

/** RFC 9649: `VP8X` has 24 bits less one for each side, `VP8L` 14 bits less one, `VP8 ` 14 bits. */
const webpSize = (view: DataView): Size | undefined => {
  switch (view.getUint32(12)) {
    case 0x56503858:
      return {
        width: (view.getUint32(24, true) & 0xffffff) + 1,
        height: (view.getUint16(27, true) | (view.getUint8(29) << 16)) + 1
      }
    case 0x5650384c: {
      const bits = view.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 }
    }
    case 0x56503820:
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    default:
      return undefined
  }
}

/** Segment by segment to the frame (`SOF0` to `SOF15`; C4, C8 and CC are none). */
const jpegSize = (view: DataView): Size | undefined => {
  let at = 2
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}

/** Counts the page objects; those of compressed documents are not to be seen, and their size has to say it. */
const pagesOf = (bytes: Uint8Array): number => {
  const page = [...pageObject].map((char) => char.charCodeAt(0))
  let pages = 0
  for (let at = bytes.indexOf(0x2f); at >= 0; at = bytes.indexOf(0x2f, at + 1)) {
    const isPage = page.every((code, index) => bytes[at + index] === code)
    // "/Pages" is the list of them.
    if (isPage && bytes[at + page.length] !== 0x73 && isTypeBefore(bytes, at)) pages++
  }
  return Math.max(1, pages === 0 ? Math.ceil(bytes.length / bytesPerPage) : pages)
}

const pageObject = "/Page"

/** Whether `/Type` and blanks stand right before a place. */
const isTypeBefore = (bytes: Uint8Array, at: number): boolean =>
  String.fromCharCode(...bytes.subarray(Math.max(0, at - 8), at))
    .trimEnd()
    .endsWith("/Type")
