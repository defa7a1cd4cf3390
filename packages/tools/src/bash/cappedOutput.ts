/**
 * Output of any length in a memory of fixed size: the beginning and the end are kept.
 */
import { joinBytes } from "@signalbox/model"

const encoder = new TextEncoder()

/** Takes bytes as they come, and has a text of them at any time. */
export interface CappedOutput {
  readonly push: (bytes: Uint8Array) => void
  readonly text: () => string
  readonly total: () => number
}

/** Keeps so many bytes at most. */
export const makeCappedOutput = (maxBytes: number): CappedOutput => {
  const headRoom = Math.ceil(maxBytes / 2)
  const tailRoom = Math.max(1, maxBytes - headRoom)
  const head: Array<Uint8Array> = []
  let headLength = 0
  const ring = { bytes: new Uint8Array(0), length: 0, start: 0 }
  let total = 0

  const pushTail = (bytes: Uint8Array): void => {
    if (ring.bytes.length === 0) ring.bytes = new Uint8Array(tailRoom)
    const part = bytes.length > tailRoom ? bytes.subarray(bytes.length - tailRoom) : bytes
    const at = (ring.start + ring.length) % tailRoom
    const first = Math.min(part.length, tailRoom - at)
    ring.bytes.set(part.subarray(0, first), at)
    ring.bytes.set(part.subarray(first), 0)
    const length = ring.length + part.length
    if (length > tailRoom) ring.start = (ring.start + length - tailRoom) % tailRoom
    ring.length = Math.min(length, tailRoom)
  }
  const tail = (): Uint8Array => {
    const first = ring.bytes.subarray(ring.start, Math.min(ring.start + ring.length, tailRoom))
    return joinBytes([first, ring.bytes.subarray(0, ring.length - first.length)])
  }

  return {
    push: (bytes) => {
      total += bytes.length
      const room = headRoom - headLength
      if (room > 0) {
        // A copy: the bytes given may be part of a much larger buffer.
        const part = bytes.slice(0, room)
        head.push(part)
        headLength += part.length
      }
      if (bytes.length > room) pushTail(bytes.subarray(Math.max(0, room)))
    },
    text: () => {
      const isCut = total > headLength + ring.length
      const parts = isCut
        ? [...head, encoder.encode(`\n[... cut: ${total} bytes in all ...]\n`), tail()]
        : [...head, tail()]
      return new TextDecoder().decode(joinBytes(parts))
    },
    total: () => total
  }
}
