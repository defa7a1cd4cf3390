/**
 * Another model in the bytes of a request, which stay as they were otherwise: what a cache or a signature of the
 * upstream depends on is the very text that the client wrote.
 */
import { joinBytes } from "@signalbox/model"
import { readJson } from "@signalbox/model/http"

const quote = 0x22
const backslash = 0x5c
const open = { object: 0x7b, list: 0x5b }
const close = { object: 0x7d, list: 0x5d }
const colon = 0x3a
const comma = 0x2c

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

const skipSpace = (bytes: Uint8Array, from: number): number => {
  let index = from
  while (isSpace(bytes[index])) index++
  return index
}

/** The index behind the string that begins at `start`. */
const skipString = (bytes: Uint8Array, start: number): number => {
  let end = bytes.indexOf(quote, start + 1)
  while (end !== -1) {
    let before = end - 1
    while (bytes[before] === backslash) before--
    // An odd number of backslashes belongs to the quote itself.
    if ((end - before) % 2 === 1) return end + 1
    end = bytes.indexOf(quote, end + 1)
  }
  return bytes.length
}

const isOpening = (byte: number | undefined): boolean => byte === open.object || byte === open.list
const isClosing = (byte: number | undefined): boolean => byte === close.object || byte === close.list

/** The index behind the brackets that begin at `start`, and all that is between them. */
const skipNested = (bytes: Uint8Array, start: number): number => {
  let depth = 0
  let index = start
  while (index < bytes.length) {
    const byte = bytes[index]
    if (byte === quote) {
      index = skipString(bytes, index)
      continue
    }
    if (isOpening(byte)) depth++
    else if (isClosing(byte) && --depth === 0) return index + 1
    index++
  }
  return index
}

/** The index behind the value that begins at `start`. */
const skipValue = (bytes: Uint8Array, start: number): number => {
  const first = bytes[start]
  if (first === quote) return skipString(bytes, start)
  if (isOpening(first)) return skipNested(bytes, start)
  let index = start
  while (index < bytes.length && bytes[index] !== comma && !isClosing(bytes[index]) && !isSpace(bytes[index])) index++
  return index
}

/** Where a value stands in the bytes. */
interface Span {
  readonly start: number
  readonly end: number
}

/** The values of a key of the outermost object, in order; none where the bytes are no object. */
const valuesOf = (bytes: Uint8Array, key: string): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  let index = skipSpace(bytes, 0)
  if (bytes[index] !== open.object) return []
  index = skipSpace(bytes, index + 1)
  while (bytes[index] === quote) {
    const keyEnd = skipString(bytes, index)
    const name = readJson(new TextDecoder().decode(bytes.subarray(index, keyEnd)))
    index = skipSpace(bytes, keyEnd)
    if (bytes[index] !== colon) return []
    const start = skipSpace(bytes, index + 1)
    const end = skipValue(bytes, start)
    if (name === key) found.push({ start, end })
    index = skipSpace(bytes, end)
    if (bytes[index] === close.object) return found
    if (bytes[index] !== comma) return []
    index = skipSpace(bytes, index + 1)
  }
  return []
}

/**
 * The JSON with this name as the value of its `model`. Where the key is there more than once every value is replaced,
 * since readers differ in which they take; without one, or in what is no JSON object, nothing is changed.
 */
export const spliceModel = (bytes: Uint8Array, model: string): Uint8Array => {
  const spans = valuesOf(bytes, "model")
  if (spans.length === 0) return bytes
  const name = new TextEncoder().encode(JSON.stringify(model))
  const pieces: Array<Uint8Array> = []
  let from = 0
  for (const { end, start } of spans) {
    pieces.push(bytes.subarray(from, start), name)
    from = end
  }
  return joinBytes([...pieces, bytes.subarray(from)])
}

/** The model that a request names, as most readers understand it: the last one. */
export const modelIn = (bytes: Uint8Array): string | undefined => {
  const span = valuesOf(bytes, "model").at(-1)
  const value =
    span === undefined ? undefined : readJson(new TextDecoder().decode(bytes.subarray(span.start, span.end)))
  return typeof value === "string" ? value : undefined
}
